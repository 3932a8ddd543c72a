// The command line: everything that is not quite right is refused.
import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from './options.ts';

const read = (...args: string[]) => readOptions(args, 'ann');
const WHY = ['--reason', 'planned opening'];
const NOTE = { actor: 'ann', reason: 'planned opening' };

describe('the options', () => {
  it.each([
    [['burn', 'BTC-USD', ...WHY]],
    [['constructor', 'BTC-USD', ...WHY]],
    [['list', 'BTC-USD']],
    [['list', '--reason', 'just so']],
    [['show']],
    [['show', 'btc-usd']],
    [['move', 'BTC-USD']],
    [['move', 'BTC-USD', '--to', '-1']],
    [['halt', ...WHY]],
    [['halt', 'BTC-USD']],
    [['halt', 'BTC-USD', '--reason', ' x ']],
    [['halt', 'BTC-USD', '--reason', 'x'.repeat(501)]],
    [['halt', 'BTC-USD', ...WHY, '--actor', ' ']],
    [['halt', 'BTC-USD', 'ETH-USD', ...WHY]],
    [['halt', 'BTC-USD', ...WHY, '--clear']],
    [['halt', 'BTC-USD', ...WHY, '--force']],
    [['apply', 'market.json']],
    [['schedule', 'BTC-USD', ...WHY]],
    [['schedule', 'BTC-USD', '--clear', 'open@2026-03-02T09:00:00Z', ...WHY]],
    [['schedule', 'BTC-USD', 'open', ...WHY]],
    [['schedule', 'BTC-USD', 'opened@2026-03-02T09:00:00Z', ...WHY]],
    [['schedule', 'BTC-USD', 'open@2026-03-02', ...WHY]],
    // Of no zone: another moment for everybody.
    [['schedule', 'BTC-USD', 'open@2026-03-02T09:00:00', ...WHY]],
    [['schedule', 'BTC-USD', 'open@2026-13-02T09:00:00Z', ...WHY]],
    [['limits', 'BTC-USD', ...WHY]],
    [['limits', 'BTC-USD', '--clear', ...WHY]],
    [['limits', 'BTC-USD', '--max-notional', '1e6', ...WHY]],
    [['limits', 'BTC-USD', '--max-notional', '-1', ...WHY]],
    [['limits', 'BTC-USD', '--max-open-orders', '1.5', ...WHY]],
    [['limits', 'BTC-USD', '--self-trade-modes', 'cancel_taker,allow', ...WHY]],
    [['limits', 'BTC-USD', '--dynamic-bps', '1', ...WHY]],
    [['band', 'BTC-USD', '--clear', '--dynamic-bps', '1', ...WHY]],
    [['band', 'BTC-USD', '--static-price', '1.', ...WHY]],
    [['interruption', 'BTC-USD', '--move-bps', 'many', ...WHY]],
  ])('are refused: %j', (args) => {
    expect(() => read(...args)).toThrow(UsageError);
  });

  it('are none when help is asked for', () => {
    expect(read()).toBeNull();
    expect(read('halt', '--help')).toBeNull();
  });

  it.each([
    ['pre-open', 'pre_open'],
    ['auction', 'auction'],
    ['open', 'trading'],
    ['resume', 'trading'],
    ['limit-only', 'limit_only'],
    ['post-only', 'post_only'],
    ['cancel-only', 'cancel_only'],
    ['halt', 'halted'],
    ['close', 'closing'],
    ['delist', 'delisted'],
  ])('%s sets the status %s', (word, status) => {
    expect(read(word, 'BTC-USD', ...WHY)).toEqual({
      command: 'status',
      market: 'BTC-USD',
      status,
      note: NOTE,
    });
  });

  it('name a schedule by statuses or commands, in any zone', () => {
    const entries = ['pre_open@2026-03-02T08:00:00Z', 'open@2026-03-02T10:00:00.5+01:00'];
    expect(read('schedule', 'BTC-USD', ...entries, ...WHY)).toMatchObject({
      schedule: [
        { atMs: Date.UTC(2026, 2, 2, 8), status: 'pre_open' },
        { atMs: Date.UTC(2026, 2, 2, 9, 0, 0, 500), status: 'trading' },
      ],
    });
    expect(read('schedule', 'BTC-USD', '--clear', ...WHY)).toMatchObject({ schedule: [] });
  });

  it('leave what is not named, and take away what is none', () => {
    const limits = ['--max-notional', '50000.5', '--max-open-orders', 'none'];
    expect(read('limits', 'BTC-USD', ...limits, ...WHY)).toMatchObject({
      command: 'settings',
      patch: { kind: 'limits', maxNotional: '50000.5', maxOpenOrders: null },
    });
    const modes = ['--self-trade-modes', 'cancel_taker,decrement'];
    expect(read('limits', 'BTC-USD', ...modes, ...WHY)).toMatchObject({
      patch: { selfTradeModes: ['cancel_taker', 'decrement'], maxNotional: undefined },
    });
    const all = ['--self-trade-modes', 'all'];
    expect(read('limits', 'BTC-USD', ...all, ...WHY)).toMatchObject({
      patch: { selfTradeModes: null },
    });
    expect(read('band', 'BTC-USD', '--clear', ...WHY)).toMatchObject({
      patch: { kind: 'band', clear: true },
    });
  });
});
