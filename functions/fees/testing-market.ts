// For tests: assets and markets as the operator would have made them, without an engine.
import type { TestDatabase } from '../../shared/testing/database.ts';

export const OPERATOR = { actor: 'olivia', reason: 'a test' } as const;

/** BTC (8 decimals), and USD and EUR (2), with these markets between them. */
export async function openMarkets(database: TestDatabase, ...markets: string[]): Promise<void> {
  await database.pool.query(
    `INSERT INTO reference.assets VALUES ('BTC', 'Bitcoin', 8), ('ETH', 'Ether', 8),
       ('USD', 'US dollar', 2), ('EUR', 'Euro', 2) ON CONFLICT DO NOTHING`,
  );
  for (const market of markets) {
    await database.pool.query(
      `INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
         max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
         self_trade_allowed, status, version)
       VALUES ($1, split_part($1, '-', 1), split_part($1, '-', 2), 0.01, 1, 1, 100, 1, 0.01,
         1000000, 100, 'received', false, 'trading', 1)`,
      [market],
    );
  }
}
