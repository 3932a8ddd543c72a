// What a new exchange begins with. Every step is idempotent: an interrupted seed is finished by the
// next start.
import { withTransaction, type Pool } from '../../../shared/db/pool.ts';
import { assert } from '../../../shared/domain/failure.ts';
import type { Outbox } from '../../../shared/bus/outbox.ts';
import { applyMarket, findMarket, saveAssets } from '../../../shared/markets/market-store.ts';
import type { EmailKeys } from '../../../shared/secrets/email.ts';
import { SEEDED_FUNDS, SEEDED_USERS } from './accounts.ts';
import { fund } from './fund.ts';
import { seedUsers } from './users.ts';
import { SEEDED_ASSETS, SEEDED_MARKETS } from './markets.ts';

const MAKER_PPM = 1_000;
const TAKER_PPM = 2_000;
/** What volumes are measured in. */
const REFERENCE_ASSET = 'USD';

/**
 * Assets, markets that are missing, fees, people and money. `outbox` is that of the schema
 * reference; the markets are dealt out to the shards in turn.
 */
export async function seedExchange(
  admin: Pool,
  reference: Pool,
  outbox: Outbox,
  emailKeys: EmailKeys,
  shards: number,
): Promise<void> {
  await saveAssets(reference, SEEDED_ASSETS);
  await seedFees(admin);
  await seedUsers(admin, emailKeys);
  await seedFunds(admin);
  for (const [place, description] of SEEDED_MARKETS.entries()) {
    // A market that an operator has changed since stays as it is.
    if ((await findMarket(reference, description.market)) !== null) continue;
    await applyMarket(reference, outbox, description, 'trading', place % shards);
  }
}

/** One tier for all markets. What an operator has set since stays as it is. */
async function seedFees(admin: Pool): Promise<void> {
  const operator = ['emulator', 'the rates of a new exchange'];
  const tiers = [
    { tier: 'standard', volumeMinorMin: '0', makerPpm: MAKER_PPM, takerPpm: TAKER_PPM },
  ];
  await withTransaction(admin, async (tx) => {
    await tx.query('SET LOCAL ROLE bourse_fees');
    await tx.query(
      `INSERT INTO fees.reference_asset (asset, actor, reason) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING`,
      [REFERENCE_ASSET, ...operator],
    );
    await tx.query(
      `SELECT fees.set_schedule('exchange', $1::jsonb, NULL, $2, $3)
       WHERE NOT EXISTS (SELECT FROM fees.schedules)`,
      [JSON.stringify(tiers), ...operator],
    );
  });
}

async function seedFunds(admin: Pool): Promise<void> {
  const fundings = Object.entries(SEEDED_USERS).flatMap(([name, userId]) =>
    Object.entries(SEEDED_FUNDS[name as keyof typeof SEEDED_USERS]).map(([asset, amount]) => ({
      depositId: `seed-${name}-${asset}`,
      userId,
      asset,
      amount,
    })),
  );
  const refused = await fund(admin, fundings);
  assert(refused === null, `the seed was refused: ${refused?.detail ?? ''}`);
}
