// The status that an order meets at the edge: configured, scheduled, or told by the engine.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, createOrdersFixture, type OrdersFixture } from './fixture.ts';

let fixture: OrdersFixture;
beforeAll(async () => {
  fixture = await createOrdersFixture({ openOrdersMax: 100 });
});
afterAll(() => fixture.close());
beforeEach(async () => {
  await fixture.database.pool.query('DELETE FROM market_data.phases');
});

const LIMIT = { market: 'BTC-USD', side: 'buy', type: 'limit', price: '30000', quantity: '0.01' };
const INTERRUPTION = { moveBps: 500, windowMs: 60_000, haltMs: 10_000, auctionMs: 60_000 };

/** What market-data would have projected. */
async function tell(status: string, cause: string, untilInMs: number | null): Promise<void> {
  await fixture.database.pool.query(
    `INSERT INTO market_data.phases (market, version, status, cause, since_ms, until_ms, sequence)
     SELECT market, version, $1, $2, now.ms - 100000, now.ms + $3::bigint, 1
     FROM reference.markets,
       (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms) now
     ON CONFLICT (market) DO UPDATE SET status = excluded.status, cause = excluded.cause,
       until_ms = excluded.until_ms`,
    [status, cause, untilInMs],
  );
}

async function place(change: Record<string, unknown> = {}): Promise<unknown> {
  const answer = await fixture.call(ALICE, 'POST', '/v1/orders', { ...LIMIT, ...change });
  return answer.status === 201 ? 'accepted' : (answer.body as { code: string }).code;
}

describe('an order meets', () => {
  it('the configured status while the engine has told nothing', async () => {
    await fixture.setMarket({}, 'halted');
    expect(await place()).toBe('MARKET_HALTED');
    await fixture.setMarket({}, 'pre_open');
    expect(await place({ timeInForce: 'IOC' })).toBe('MARKET_AUCTION');
    expect(await place()).toBe('accepted');
    await fixture.setMarket({}, 'trading');
  });

  it('what the schedule has made of it, as the engine will when the order comes there', async () => {
    const schedule = (sql: string) =>
      fixture.database.pool.query(`UPDATE reference.markets SET schedule = ${sql}`);
    await schedule(
      `'[{"atMs": 1, "status": "halted"}, {"atMs": 9999999999999, "status": "trading"}]'`,
    );
    expect(await place()).toBe('MARKET_HALTED');
    await schedule('NULL');
    expect(await place()).toBe('accepted');
  });

  it('an interruption that the engine has told of, until its time has come', async () => {
    await fixture.setMarket({ interruption: INTERRUPTION });
    await tell('halted', 'interruption', 5_000);
    expect(await place()).toBe('MARKET_HALTED');
    await tell('halted', 'interruption', -5_000);
    expect(await place({ timeInForce: 'IOC' })).toBe('MARKET_AUCTION');
    expect(await place()).toBe('accepted');
    await tell('auction', 'interruption', -1);
    expect(await place({ timeInForce: 'IOC' })).toBe('accepted');
    await tell('trading', 'resumption', null);
    expect(await place({ timeInForce: 'IOC' })).toBe('accepted');
  });

  it('the newest configuration rather than an interruption of an older one', async () => {
    await tell('halted', 'interruption', 5_000);
    await fixture.setMarket({ maxOpenOrders: 3 }, 'limit_only');
    expect(await place()).toBe('accepted');
    await fixture.setMarket({});
  });

  it('its limits', async () => {
    await fixture.setMarket({
      maxNotional: '100',
      priceBand: { staticPrice: '30000', staticBps: 100 },
      selfTradeModes: ['cancel_taker'],
    });
    expect(await place()).toBe('ORDER_NOTIONAL_TOO_LARGE');
    expect(await place({ price: '31000' })).toBe('ORDER_PRICE_OUT_OF_STATIC_BAND');
    expect(await place({ selfTradePrevention: 'decrement' })).toBe(
      'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
    );
    await fixture.setMarket({});
  });

  it('nothing that keeps it from being cancelled, whatever the status', async () => {
    const placed = await fixture.call(ALICE, 'POST', '/v1/orders', LIMIT);
    const { id } = placed.body as { id: string };
    for (const status of ['halted', 'auction', 'closing', 'delisted'] as const) {
      await fixture.setMarket({}, status);
      const answer = await fixture.call(ALICE, 'DELETE', `/v1/orders/${id}`);
      expect(answer.status, status).toBeLessThan(300);
    }
  });
});
