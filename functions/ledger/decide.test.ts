// How money is shown: exact, signed, at the asset's scale.
import { describe, expect, it } from 'vitest';
import { presentBalance, presentPosting } from './decide.ts';

describe('a balance', () => {
  it.each([
    [{ decimals: 8, total: '100000001', held: '1' }, ['1', '0.00000001', '1.00000001']],
    [{ decimals: 0, total: '7', held: '7' }, ['0', '7', '7']],
    [{ decimals: 18, total: '0', held: '0' }, ['0', '0', '0']],
    [
      { decimals: 18, total: '99999999999999999999999999999999999999', held: '0' },
      ['99999999999999999999.999999999999999999', '0', '99999999999999999999.999999999999999999'],
    ],
  ])('%o', (row, [available, held, total]) => {
    expect(presentBalance({ asset: 'X', ...row })).toEqual({ asset: 'X', available, held, total });
  });
});

describe('a posting', () => {
  it('has a sign, a sortable id and a time with milliseconds', () => {
    const posting = presentPosting({
      entry: 12,
      leg: 3,
      kind: 'trade',
      asset: 'USD',
      decimals: 2,
      amount: '-150',
      balanceAfter: '1000',
      referenceType: 'trade',
      referenceId: 'trd_BTC-USD_0000000000000042',
      createdAt: new Date('2026-03-01T12:00:00Z'),
    });
    expect(posting).toEqual({
      entryId: 'pst_0000000000000012_0003',
      kind: 'trade',
      asset: 'USD',
      amount: '-1.5',
      balanceAfter: '10',
      reference: { type: 'trade', id: 'trd_BTC-USD_0000000000000042' },
      createdAt: '2026-03-01T12:00:00.000Z',
    });
  });
});
