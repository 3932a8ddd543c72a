// How many rows of some tables a piece of work looks at: for tests of plans, which must not depend
// on how many rows there are.
import type { Pool } from '../db/pool.ts';

/**
 * `pool` has one connection, on which the work is done: what it counts, it tells of when asked.
 * `observer` may be any role.
 */
export async function countRowsRead(
  observer: Pool,
  pool: Pool,
  tables: readonly string[],
  work: () => Promise<unknown>,
): Promise<number> {
  const before = await readCounters(observer, pool, tables);
  await work();
  return (await readCounters(observer, pool, tables)) - before;
}

async function readCounters(
  observer: Pool,
  pool: Pool,
  tables: readonly string[],
): Promise<number> {
  // The observer's own counts come late otherwise, those of what it has filled the tables with.
  for (const each of [pool, observer]) await each.query('SELECT pg_stat_force_next_flush()');
  const result = await observer.query<{ rows: number }>(
    `SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint AS rows
     FROM pg_stat_user_tables WHERE format('%s.%s', schemaname, relname) = ANY ($1)`,
    [tables],
  );
  return result.rows[0]?.rows ?? 0;
}
