// Flags and limits as a user reads them.
import { describe, expect, it } from 'vitest';
import { BTC_USD } from '../../shared/markets/testing/btc-usd.ts';
import { presentRisk, type RiskFacts } from './decide.ts';

const MARKET = { ...BTC_USD, baseDecimals: 8, quoteDecimals: 6, version: 1 };
const NEVER = { on: true, changedAt: null };
const FACTS: RiskFacts = {
  userNumber: 1,
  flags: { trading: NEVER, withdrawal: NEVER, frozen: { on: false, changedAt: null } },
  limits: [],
  markets: [MARKET],
  uses: [],
  positions: [],
  nowMs: Date.parse('2026-03-31T12:00:09.999Z'),
};
const USE = {
  market: 'BTC-USD',
  openOrders: 3,
  waitingOrders: 1,
  // 0.5 at 30,000
  openTickLots: String(3_000_000n * 5_000n),
  openQuoteMinor: '1500000',
  turnoverDay: '2026-03-31',
  turnoverMinor: '20000000000',
  windowStartMs: Date.parse('2026-03-31T12:00:00Z'),
  windowOrders: 4,
};

describe('own limits', () => {
  it('are none for who has none, and everything is allowed', () => {
    const since = null;
    expect(presentRisk(FACTS)).toEqual({
      trading: { on: true, since },
      withdrawal: { on: true, since },
      frozen: { on: false, since },
      limits: [],
    });
  });

  it('tell since when a flag is so', () => {
    const frozen = { on: true, changedAt: new Date('2026-03-31T12:00:00Z') };
    expect(presentRisk({ ...FACTS, flags: { ...FACTS.flags, frozen } })).toMatchObject({
      frozen: { on: true, since: '2026-03-31T12:00:00.000Z' },
    });
  });

  it('have what is used beside them, in their own unit', () => {
    const limits = [
      ...(['open_orders_max', 'waiting_orders_max'] as const),
      ...(['order_quantity_max', 'order_notional_max'] as const),
      ...(['open_notional_max', 'turnover_max', 'orders_per_10s_max'] as const),
    ].map((name) => ({ userNumber: 0, scope: '*', name, value: '50000.50' }));
    const position = { userNumber: 1, scope: 'BTC', name: 'position_max', value: '2' } as const;
    const facts = {
      ...FACTS,
      limits: [...limits, position],
      uses: [USE],
      positions: [{ asset: 'BTC', totalMinor: '100000000', openBuysMinor: '50000000' }],
    };
    const shown = presentRisk(facts).limits.map(
      ({ name, market, asset, limit, used }) =>
        `${name} ${String(market)} ${String(asset)} ${limit} ${String(used)}`,
    );
    expect(shown).toEqual([
      'open_orders_max BTC-USD null 50000.5 3',
      'waiting_orders_max BTC-USD null 50000.5 1',
      'order_quantity_max BTC-USD BTC 50000.5 null',
      'order_notional_max BTC-USD USD 50000.5 null',
      'open_notional_max BTC-USD USD 50000.5 15001.5',
      'turnover_max BTC-USD USD 50000.5 20000',
      'orders_per_10s_max BTC-USD null 50000.5 4',
      'position_max null BTC 2 1.5',
    ]);
  });

  it('count the turnover of today alone', () => {
    const limits = [{ userNumber: 1, scope: 'BTC-USD', name: 'turnover_max', value: '1' } as const];
    const uses = [{ ...USE, turnoverDay: '2026-03-30' }];
    expect(presentRisk({ ...FACTS, limits, uses }).limits).toMatchObject([{ used: '0' }]);
  });

  it('count the orders of the present window alone', () => {
    const name = 'orders_per_10s_max';
    const limits = [{ userNumber: 1, scope: 'BTC-USD', name, value: '9' } as const];
    const facts = { ...FACTS, limits, uses: [USE], nowMs: FACTS.nowMs + 1 };
    expect(presentRisk(facts).limits).toMatchObject([{ used: '0' }]);
    expect(presentRisk({ ...facts, uses: [] }).limits).toMatchObject([{ used: '0' }]);
  });
});
