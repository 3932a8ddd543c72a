// What is remembered of a named batch, and what a repeat of it is told.
import { describe, expect, it } from 'vitest';
import { reject } from '../../../shared/domain/rejection.ts';
import { repeatOf, resultsOf } from './batch-keys.ts';
import type { Decision } from './draft.ts';

describe('a named batch', () => {
  const refused = reject('ORDER_FUNDS_INSUFFICIENT', 'the available USD does not cover the hold');
  const again: Decision = { kind: 'replayed', orderNumber: 7 };

  it('of which nothing was taken is not remembered', () => {
    expect(resultsOf([refused, refused])).toBeNull();
    expect(resultsOf([])).toBeNull();
  });

  it('is told again what became of each order, refusals included', () => {
    const results = resultsOf([refused, again]);
    expect(results).toEqual([
      { code: 'ORDER_FUNDS_INSUFFICIENT', detail: refused.detail },
      { orderNumber: 7 },
    ]);
    expect(repeatOf(results ?? [])).toEqual([refused, again]);
  });

  it('holds orders only', () => {
    expect(() => resultsOf([{ kind: 'cancelling_all', markets: [] }])).toThrow('cancelling_all');
  });

  it('whose refusal is no code any more is told as a fault of ours', () => {
    expect(repeatOf([{ code: 'GONE', detail: 'x' }])).toMatchObject([{ code: 'INTERNAL_ERROR' }]);
  });
});
