// `npm run auth -- sweep`: deletes what has ended long ago, in batches that hold nothing for long.
import type { Pool } from '../../../shared/db/pool.ts';
import { UsageError } from '../../../shared/operator/operator.ts';

export const SWEEP_USAGE = `npm run auth -- sweep

Deletes what ended more than 30 days ago: pending and failed sign-ins, challenges, step-ups, codes,
grants with their refresh tokens, offers of one-time codes, revocations; sessions after 90 days, but
for the newest of each user. A CronJob does it every night. Links in mails are deleted by users.`;

const BATCH_ROWS = 1_000;

/** False when help is asked for. Throws UsageError. */
export function readSweepCommand(args: readonly string[]): boolean {
  if (args.length === 1 && (args[0] === '--help' || args[0] === '-h')) return false;
  if (args.length > 0) throw new UsageError(`sweep takes nothing: what is ${args.join(' ')}?`);
  return true;
}

/** `pool` is of bourse_auth. */
export async function runSweep(pool: Pool, batchRows = BATCH_ROWS): Promise<readonly string[]> {
  const swept = new Map<string, number>();
  let isDone = false;
  while (!isDone) {
    const batch = await pool.query<{ what: string; swept: number }>(
      'SELECT what, swept FROM auth.sweep($1)',
      [batchRows],
    );
    for (const row of batch.rows) swept.set(row.what, (swept.get(row.what) ?? 0) + row.swept);
    isDone = batch.rows.every((row) => row.swept < batchRows);
  }
  return [...swept].map(([what, count]) => `${what}: ${count} deleted`);
}
