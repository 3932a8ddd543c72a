// For tests of how many orders an account may have accepted in a window: a limit as an operator
// sets it, and the window as the database has it.
import type { TestDatabase } from '../../shared/testing/database.ts';

export const RATE_EXCEEDED = 'RISK_ORDER_RATE_EXCEEDED';

/** Most orders in a window; user 0 is everybody, null ends the limit. */
export async function limitRate(
  database: TestDatabase,
  value: number | null,
  userNumber = 1,
  scope = 'BTC-USD',
): Promise<void> {
  await database.pool.query(
    `SELECT risk.set_limit($1, $2, 'orders_per_10s_max', $3::numeric, 'olivia', 'a test')`,
    [userNumber, scope, value],
  );
}

/** Waits for the next window unless the present one lasts for so long yet. */
export async function waitForRoom(database: TestDatabase, leastMs = 4_000): Promise<void> {
  const leftMs = await leftOfWindow(database);
  if (leftMs < leastMs) await sleep(leftMs + 5);
}

/** How long the present window lasts, by the database's clock. */
export async function leftOfWindow(database: TestDatabase): Promise<number> {
  const { rows } = await database.pool.query<{ left: number }>(
    `SELECT (10000 - (extract(epoch FROM clock_timestamp()) * 1000)::bigint % 10000)::integer
       AS left`,
  );
  return rows[0]?.left ?? 0;
}

/** What is counted of a user in the window that is stored. */
export async function countedOf(database: TestDatabase, userNumber = 1): Promise<number> {
  const { rows } = await database.pool.query<{ orders: number }>(
    `SELECT window_orders AS orders FROM orders.open_counts
     WHERE user_number = $1 AND market = 'BTC-USD'`,
    [userNumber],
  );
  return rows[0]?.orders ?? 0;
}

/** As if the stored windows had begun so much later, or earlier. */
export async function shiftWindows(database: TestDatabase, byMs: number): Promise<void> {
  await database.pool.query(
    'UPDATE orders.open_counts SET window_start_ms = window_start_ms + $1',
    [byMs],
  );
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
