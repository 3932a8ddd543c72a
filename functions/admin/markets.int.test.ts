// C17: what two of the staff do to markets and fees, and that the engine hears of it.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openBus } from '../../shared/bus/open-bus.ts';
import type { Bus } from '../../shared/bus/bus.ts';
import { Outbox } from '../../shared/bus/outbox.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { RetryableError } from '../../shared/domain/failure.ts';
import { staffId, userId } from '../../shared/domain/ids.ts';
import { TOPICS } from '../../shared/events/catalog.ts';
import { applyMarket, findMarket, saveAssets } from '../../shared/markets/market-store.ts';
import { BTC_USD } from '../../shared/markets/testing/btc-usd.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { closeAdmin, lastRecord, openAdmin, Staff } from './fixture.ts';

const UNFIT = 'APPROVAL_SUBJECT_UNFIT';
const USER = userId(1_000_001);
const market = 'BTC-USD' as const;

let database: TestDatabase;
let bus: Bus;
let staff: Staff;
let maker: Caller;
let checker: Caller;

beforeAll(async () => {
  database = await createTestDatabase();
  const log = silentLogger();
  bus = openBus({ url: database.url, applicationName: 'test', log });
  await bus.provision(Object.values(TOPICS));
  const pool = database.poolFor('bourse_reference');
  const outbox = new Outbox({ pool, schema: 'reference', bus, log });
  await saveAssets(pool, [
    { asset: 'BTC', name: 'Bitcoin', decimals: 8 },
    { asset: 'USD', name: 'US dollar', decimals: 6 },
  ]);
  await applyMarket(pool, outbox, BTC_USD);
  await outbox.stop();
  await database.pool.query(
    `INSERT INTO users.users (user_number, email_sealed, email_index, email_verified_at, status)
     VALUES (1000001, 's1.a.a', sha256('a'), now(), 'active')`,
  );
  staff = new Staff(openAdmin(database));
  [maker, checker] = [await staff.make('markets'), await staff.make('markets')];
});
afterAll(async () => {
  await closeAdmin(staff.deps);
  await bus.close();
  await database.drop();
});

const move = (action: string, payload: object) => staff.do(maker, checker, action, payload);
const version = async () => (await findMarket(database.pool, market))?.config.version;

/** How many commands there are, and what the newest says; it comes after the answer. */
async function newestCommand(atLeast: number): Promise<unknown> {
  const { next } = await vi.waitFor(
    async () => {
      const offsets = await bus.offsets('orders.accepted', 0);
      expect(offsets.next).toBeGreaterThanOrEqual(atLeast);
      return offsets;
    },
    { timeout: 10_000 },
  );
  expect(next).toBe(atLeast);
  const { rows } = await database.pool.query<{ value: Buffer }>(
    `SELECT r.value FROM log.records r JOIN log.topics t USING (topic_id)
     WHERE t.name = 'orders.accepted' ORDER BY r.record_offset DESC LIMIT 1`,
  );
  const data = JSON.parse(rows[0]?.value.toString('utf8') ?? '{}') as { commands?: unknown[] };
  return data.commands?.[0];
}

describe('markets.status', () => {
  it('is refused for what no market may become, and leaves no trace', async () => {
    const delist = { market, status: 'delisted' };
    expect(await move('markets.status', delist)).toContain('close it first');
    const unknown = { market: 'ETH-USD', status: 'halted' };
    expect(await move('markets.status', unknown)).toBe(`${UNFIT}: no market ETH-USD`);
    expect(await move('markets.status', { market, status: 'trading' })).toBe(
      `${UNFIT}: BTC-USD is so already`,
    );
    expect(await version()).toBe(1);
    expect(await newestCommand(1)).toMatchObject({ status: 'trading' });
  });

  it('halts a market, and tells the engine', async () => {
    expect(await move('markets.status', { market, status: 'halted' })).toBe('executed');
    expect(await newestCommand(2)).toMatchObject({ kind: 'configure_market', status: 'halted' });
    expect(await lastRecord(database, 'markets.status')).toMatchObject({
      subject: market,
      actor: { kind: 'staff', id: staffId(checker.userNumber) },
      before: { market: { status: 'trading', config: { version: 1 } } },
      after: {
        market: { status: 'halted', config: { version: 2 } },
        maker: staffId(maker.userNumber),
      },
    });
    const { rows } = await database.pool.query(
      'SELECT actor, reason FROM reference.market_changes WHERE version = 2',
    );
    expect(rows).toEqual([{ actor: staffId(checker.userNumber), reason: 'a case' }]);
  });

  it('is told by the sweeper when nobody could publish it', async () => {
    const { deps } = staff;
    const spy = vi
      .spyOn(deps.outbox, 'publishNow')
      .mockRejectedValue(new RetryableError('the log is away'));
    expect(await move('markets.status', { market, status: 'trading' })).toBe('executed');
    spy.mockRestore();
    expect((await bus.offsets('orders.accepted', 0)).next).toBe(2);
    // The row before it may be published and not deleted yet: what follows is left alone then.
    await vi.waitFor(async () => expect(await deps.outbox.sweep(0)).toBe(1));
    expect(await newestCommand(3)).toMatchObject({ status: 'trading' });
  });

  it('happens once, whoever approves at the same moment', async () => {
    const asked = await staff.ask(maker, 'markets.status', { market, status: 'post_only' });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => staff.approve(checker, asked)),
    );
    expect(outcomes.filter((each) => each === 'executed')).toHaveLength(1);
    expect(await version()).toBe(4);
    expect(await newestCommand(4)).toMatchObject({ status: 'post_only' });
  });
});

describe('markets.settings', () => {
  const settings = (patch: object) => move('markets.settings', { market, settings: patch });

  it.each([
    ['of no kind', { maxOpenOrders: 1 }],
    ['of steps', { kind: 'limits', tickSize: '1' }],
    ['of the fee policy', { kind: 'limits', feePolicy: 'quote' }],
    ['of a number as text', { kind: 'limits', maxOpenOrders: '5' }],
    ['that clear and set', { kind: 'band', clear: true, dynamicBps: 100 }],
  ])('are not asked for %s', async (_, patch) => {
    const body = {
      action: 'markets.settings',
      payload: { market, settings: patch },
      reason: 'x y',
    };
    expect((await staff.call(maker, 'POST', '/requests', body)).status).toBe(400);
  });

  it('are refused by halves, beyond their bounds, and when nothing changes', async () => {
    expect(await settings({ kind: 'band', staticBps: 100 })).toContain('go together');
    expect(await settings({ kind: 'interruption', moveBps: 100 })).toContain('go together');
    expect(await settings({ kind: 'limits', maxOpenOrders: 0 })).toContain(UNFIT);
    expect(await settings({ kind: 'limits' })).toContain('is so already');
    expect(await version()).toBe(4);
  });

  it('change what they name, and keep the rest', async () => {
    expect(await settings({ kind: 'limits', maxOpenOrders: 50 })).toBe('executed');
    expect(await settings({ kind: 'band', dynamicBps: 500 })).toBe('executed');
    expect(await settings({ kind: 'limits', maxOpenOrders: null })).toBe('executed');
    expect(await newestCommand(7)).toMatchObject({
      status: 'post_only',
      config: { version: 7, priceBand: { dynamicBps: 500 } },
    });
    expect(await lastRecord(database, 'markets.settings')).toMatchObject({
      before: { market: { config: { maxOpenOrders: 50 } } },
      after: { market: { config: { priceBand: { dynamicBps: 500 } } } },
    });
  });
});

describe('fees.schedule', () => {
  const tier = (name: string, leastVolume: string, makerPpm: number, takerPpm: number) => ({
    tier: name,
    leastVolume,
    makerPpm,
    takerPpm,
  });
  const schedule = (
    tiers: readonly object[] | null,
    of: string = market,
    from: string | null = null,
  ) => move('fees.schedule', { schedule: of, effectiveFrom: from, tiers });

  it('is refused when a rebate is not paid for, in the past, or without a market', async () => {
    const unpaid = [tier('standard', '0', -3000, 2000)];
    expect(await schedule(unpaid)).toContain('the rebate is more than the fee');
    const fine = [tier('standard', '0', 1000, 2000)];
    expect(await schedule(fine, market, '2020-01-01T00:00:00.000Z')).toBe(
      `${UNFIT}: a schedule cannot begin in the past`,
    );
    expect(await schedule(fine, 'ETH-USD')).toContain('no market ETH-USD');
    expect(await schedule(null, 'exchange')).toContain('can be replaced, not ended');
    const volumes = [...fine, tier('vip', '1000', 500, 1000)];
    expect(await schedule(volumes)).toContain('needs a reference asset');
  });

  it('is set by two, with before and after', async () => {
    expect(await schedule([tier('standard', '0', 1000, 2000)])).toBe('executed');
    expect(await schedule([tier('standard', '0', 1000, 2000)])).toContain('hold already');
    expect(await schedule([tier('standard', '0', 900, 1900)])).toBe('executed');
    expect(await lastRecord(database, 'fees.schedule')).toMatchObject({
      subject: market,
      before: { schedule: { version: 1, tiers: [{ makerPpm: 1000 }] } },
      after: { schedule: { version: 2, tiers: [{ makerPpm: 900 }] } },
    });
    const { rows } = await database.pool.query(
      'SELECT maker_ppm, taker_ppm FROM fees.current_rates WHERE market = $1',
      [market],
    );
    expect(rows).toEqual([{ maker_ppm: 900, taker_ppm: 1900 }]);
  });
});

describe('fees.terms', () => {
  const terms = (rates: object | null, of: string = USER, where: string = market) =>
    move('fees.terms', { userId: of, market: where, terms: rates });
  const own = { tier: 'maker_1', makerPpm: -100, takerPpm: 500 };

  it('are refused for nobody, for no market, and for a rebate that is not paid for', async () => {
    expect(await terms(own, userId(4_711))).toContain('there is no user');
    expect(await terms(own, USER, 'ETH-USD')).toContain('no market ETH-USD');
    expect(await terms({ ...own, makerPpm: -3000 })).toContain('a rebate would be more');
  });

  it('are set and ended by two', async () => {
    expect(await terms(own)).toBe('executed');
    expect(await terms(own)).toContain('hold already');
    expect(await lastRecord(database, 'fees.terms')).toMatchObject({
      subject: USER,
      before: { terms: null },
      after: { terms: { version: 1, market, makerPpm: -100 } },
    });
    expect(await terms(null)).toBe('executed');
    expect(await terms(null)).toContain('hold already');
  });
});
