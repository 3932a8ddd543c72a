// Computes everybody's tier for a UTC day, in one transaction. The same day again changes nothing,
// unless what it follows from has changed: trades that were settled late, a price, a schedule.
import { withTransaction, type Pool, type Tx } from '../../shared/db/pool.ts';
import { TerminalError } from '../../shared/domain/failure.ts';
import { findReferenceAsset } from '../../shared/fees/rates-store.ts';
import { formatDecimal } from '../../shared/money/decimal.ts';
import { computeTiers, PRICE_DECIMALS, tradePrice } from './decide/tiers.ts';
import * as tiers from './store/tiers.ts';
import { addReferencePrice } from './store/write.ts';

/** Users in one statement. */
const CHUNK_USERS = 5_000;
const SELF = { actor: 'recompute', reason: 'the last trade before a day' };

export interface Recomputed {
  readonly day: string;
  /** Users that were looked at. */
  readonly users: number;
  /** Of these, whose tier or volume of the day is new. */
  readonly written: number;
  /** Assets whose volume counted nothing, because nobody has said what they are worth. */
  readonly unpriced: readonly { readonly asset: string; readonly markets: readonly string[] }[];
}

/**
 * `day` null is today, by the database's clock. Throws TerminalError for a day that has not begun,
 * and while there is no reference asset. Needs the role bourse_fees.
 */
export async function recomputeTiers(pool: Pool, day: string | null): Promise<Recomputed> {
  return withTransaction(pool, async (tx) => {
    await tiers.lockTiers(tx);
    const today = await tiers.findToday(tx);
    const wanted = day ?? today;
    if (wanted > today) throw new TerminalError(`${wanted} has not begun: it is ${today} in UTC`);
    const reference = await findReferenceAsset(tx);
    if (reference === null) throw new TerminalError('no reference asset: set one first');
    await savePrices(tx, wanted);
    const quotes = await tiers.findQuotes(tx, wanted);
    const computed = computeTiers({
      reference,
      users: await tiers.findUsersToReview(tx, wanted),
      volumes: await tiers.findVolumes(tx, wanted),
      quotes,
      tiers: await tiers.findTiersOfDay(tx, wanted),
    });
    let written = 0;
    for (let at = 0; at < computed.length; at += CHUNK_USERS) {
      written += await tiers.saveTiers(tx, wanted, computed.slice(at, at + CHUNK_USERS));
    }
    const unpriced = quotes.filter(
      ({ asset, price }) => price === null && asset !== reference.asset,
    );
    return { day: wanted, users: computed.length, written, unpriced };
  });
}

async function savePrices(tx: Tx, day: string): Promise<void> {
  for (const trade of await tiers.findConversionTrades(tx, day)) {
    const { asset, market, sequence, baseDecimals, quoteDecimals } = trade;
    const price = tradePrice(trade, baseDecimals, quoteDecimals);
    // So little that 18 decimals do not show it: as good as unknown.
    if (price === 0n) continue;
    await addReferencePrice(
      tx,
      {
        asset,
        price: formatDecimal(price, PRICE_DECIMALS),
        pricedAt: new Date(trade.timeMs),
        trade: { market, sequence },
      },
      SELF,
    );
  }
}
