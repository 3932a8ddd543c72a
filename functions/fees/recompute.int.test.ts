// The tiers of a day on a real database: what is written, and that a repeat changes nothing.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { userId } from '../../shared/domain/ids.ts';
import { readAsOwner } from '../../shared/db/read-as-owner.ts';
import { setSchedule } from '../../shared/fees/rates-store.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { recomputeTiers } from './recompute.ts';
import { findTierVolume, listFees } from './store/read.ts';
import { addReferencePrice, setConversionMarket, setReferenceAsset } from './store/write.ts';
import { openMarkets, OPERATOR } from './testing-market.ts';

const DAY = '2026-03-31';
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await openMarkets(database, 'BTC-USD', 'BTC-EUR', 'EUR-USD', 'ETH-BTC');
});
afterAll(() => database.drop());

function fees() {
  return database.poolFor('bourse_fees', 1);
}

async function settle(user: number, market: string, day: string, quoteMinor: number) {
  await database.pool.query(
    `INSERT INTO settlement.volumes VALUES ($1, $2, $3, $4, 1)
     ON CONFLICT ON CONSTRAINT volumes_pkey
     DO UPDATE SET quote_minor = volumes.quote_minor + excluded.quote_minor`,
    [userId(user), market, day, quoteMinor],
  );
}

/** `day revision tier volume` of every row, and then what counts now. */
async function tiersOf(user: number): Promise<string[]> {
  const rows = await database.pool.query<{ text: string }>(
    `SELECT concat_ws(' ', day, revision, tier, volume_minor) AS text FROM fees.account_tiers
     WHERE user_id = $1 ORDER BY day, revision`,
    [userId(user)],
  );
  const now = await database.pool.query<{ text: string }>(
    `SELECT concat_ws(' ', 'now', tier_day, volume_minor) AS text FROM fees.accounts
     WHERE user_id = $1`,
    [userId(user)],
  );
  return [...rows.rows, ...now.rows].map((row) => row.text);
}

describe('a recompute is refused', () => {
  it('while nobody has said what volumes are measured in', async () => {
    await expect(recomputeTiers(fees(), DAY)).rejects.toThrow('no reference asset');
  });

  it('for a day that has not begun', async () => {
    await expect(recomputeTiers(fees(), '2999-01-01')).rejects.toThrow('has not begun');
  });
});

describe('a recompute', () => {
  beforeAll(async () => {
    await setReferenceAsset(fees(), 'USD', OPERATOR);
    const tiers = [
      { tier: 'standard', volumeMinorMin: '0', makerPpm: 1_000, takerPpm: 2_000 },
      { tier: 'vip_1', volumeMinorMin: '10000', makerPpm: 500, takerPpm: 1_500 },
    ];
    await setSchedule(fees(), 'exchange', tiers, null, OPERATOR);
  });
  beforeEach(async () => {
    await database.pool.query('TRUNCATE settlement.volumes');
  });

  it('counts the 30 days before the day, and changes nothing when it is done again', async () => {
    await settle(1, 'BTC-USD', '2026-02-28', 1_000_000);
    await settle(1, 'BTC-USD', '2026-03-01', 4_000);
    await settle(1, 'BTC-USD', '2026-03-30', 6_000);
    await settle(1, 'BTC-USD', '2026-03-31', 1_000_000);
    expect(await recomputeTiers(fees(), DAY)).toEqual({
      day: DAY,
      users: 1,
      written: 1,
      unpriced: [],
    });
    const written = [`${DAY} 1 vip_1 10000`, `now ${DAY} 10000`];
    expect(await tiersOf(1)).toEqual(written);
    expect(await recomputeTiers(fees(), DAY)).toMatchObject({ users: 1, written: 0 });
    expect(await tiersOf(1)).toEqual(written);
  });

  it('writes a revision when trades of those days were settled late', async () => {
    await settle(1, 'BTC-USD', '2026-03-30', 12_000);
    expect(await recomputeTiers(fees(), DAY)).toMatchObject({ written: 1 });
    expect(await tiersOf(1)).toEqual([
      `${DAY} 1 vip_1 10000`,
      `${DAY} 2 vip_1 12000`,
      `now ${DAY} 12000`,
    ]);
  });

  it('brings down who has stopped trading, once', async () => {
    expect(await recomputeTiers(fees(), '2026-04-30')).toMatchObject({ users: 1, written: 1 });
    expect(await recomputeTiers(fees(), '2026-05-01')).toMatchObject({ users: 0, written: 0 });
    expect((await tiersOf(1)).slice(-2)).toEqual(['2026-04-30 1 standard 0', 'now 2026-04-30 0']);
  });

  it('of a day gone by changes nothing in what is paid now', async () => {
    await settle(1, 'BTC-USD', '2026-03-29', 50_000);
    expect(await recomputeTiers(fees(), '2026-03-30')).toMatchObject({ written: 1 });
    expect((await tiersOf(1)).at(-1)).toBe('now 2026-04-30 0');
  });

  it('says whose volume counted nothing for want of a price', async () => {
    await settle(2, 'BTC-EUR', '2026-03-30', 10_000);
    await settle(2, 'ETH-BTC', '2026-03-30', 10_000);
    const { unpriced } = await recomputeTiers(fees(), DAY);
    expect(unpriced).toMatchObject([
      { asset: 'BTC', markets: ['ETH-BTC'] },
      { asset: 'EUR', markets: ['BTC-EUR'] },
    ]);
    expect(await tiersOf(2)).toEqual([]);
  });

  it('uses the newest price before the day, said or traded', async () => {
    await settle(3, 'BTC-EUR', '2026-03-30', 9_999);
    const price = (text: string, at: string) =>
      addReferencePrice(
        fees(),
        { asset: 'EUR', price: text, pricedAt: new Date(at), trade: null },
        OPERATOR,
      );
    await price('1.5', '2026-03-29T00:00:00Z');
    await price('9', '2026-03-31T00:00:00Z');
    await recomputeTiers(fees(), DAY);
    expect((await tiersOf(3)).at(-1)).toBe(`now ${DAY} 14998`);
    await setConversionMarket(fees(), 'EUR', 'EUR-USD', OPERATOR);
    await database.pool.query(
      `INSERT INTO market_data.trades VALUES
         ('EUR-USD', 7, 200, 220, 'buy', $1), ('EUR-USD', 8, 200, 500, 'buy', $2)`,
      [Date.parse('2026-03-30T23:59:59Z'), Date.parse('2026-03-31T00:00:00Z')],
    );
    expect(await recomputeTiers(fees(), DAY)).toMatchObject({ written: 1 });
    expect((await tiersOf(3)).at(-1)).toBe(`now ${DAY} 10998`);
    expect(await recomputeTiers(fees(), DAY)).toMatchObject({ written: 0 });
    const kept = await database.pool.query(
      `SELECT price::text, market, sequence FROM fees.reference_prices WHERE market IS NOT NULL`,
    );
    expect(kept.rows).toEqual([{ price: '1.100000000000000000', market: 'EUR-USD', sequence: 7 }]);
  });

  it('is done once by two that run at the same time', async () => {
    await settle(4, 'BTC-USD', '2026-03-30', 77);
    const both = await Promise.all([1, 2].map(() => recomputeTiers(fees(), DAY)));
    expect(both.map((each) => each.written).sort()).toEqual([0, expect.any(Number)]);
    expect(await tiersOf(4)).toEqual([`${DAY} 1 standard 77`, `now ${DAY} 77`]);
  });

  it('counts what a person’s sub-accounts trade together, and gives all of them the tier', async () => {
    const add = `SELECT fees.add_sub_account($1, $2)`;
    const users = database.poolFor('bourse_users', 1);
    await users.query(add, [userId(901), userId(900)]);
    await settle(900, 'BTC-USD', '2026-03-30', 4_000);
    await settle(901, 'BTC-USD', '2026-03-30', 5_999);
    await recomputeTiers(fees(), DAY);
    const tierOf = async (user: number): Promise<string | undefined> => {
      const result = await fees().query<{ tier: string }>(
        `SELECT tier FROM fees.current_user_rates WHERE user_id = $1 AND market = 'BTC-USD'`,
        [userId(user)],
      );
      return result.rows[0]?.tier;
    };
    expect([await tierOf(900), await tierOf(901)]).toEqual(['standard', 'standard']);
    await settle(901, 'BTC-USD', '2026-03-30', 1);
    await recomputeTiers(fees(), DAY);
    expect(await tiersOf(900)).toEqual([
      `${DAY} 1 standard 9999`,
      `${DAY} 2 vip_1 10000`,
      `now ${DAY} 10000`,
    ]);
    expect(await tiersOf(901)).toEqual(['now 0']);
    await users.query(add, [userId(902), userId(900)]);
    for (const user of [900, 901, 902]) {
      expect(await tierOf(user)).toBe('vip_1');
      const owner = { role: 'bourse_fees_own', ownerNumber: user } as const;
      const [volume, [first]] = await readAsOwner(fees(), owner, (tx) =>
        Promise.all([findTierVolume(tx, userId(user)), listFees(tx, userId(user), DAY)]),
      );
      expect(volume).toMatchObject({ volumeMinor: '10000', day: DAY });
      expect(first?.next).toBeNull();
    }
    expect(await tierOf(903)).toBeUndefined();
    await database.pool.query('TRUNCATE settlement.volumes');
    await recomputeTiers(fees(), DAY);
    expect(await tierOf(902)).toBe('standard');
  });
});
