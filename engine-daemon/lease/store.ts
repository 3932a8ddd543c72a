// The table engine.leases: one statement an operation, each with its own transaction.
import type { Pool } from '../../shared/db/pool.ts';

export interface LeaseRequest {
  readonly shard: number;
  readonly holder: string;
  readonly leaseMs: number;
  /** A holder whose connection is gone and that was silent for so long is taken for dead. */
  readonly silentMs: number;
}

/** How far an engine is in both logs. */
export interface Progress {
  /** Every command up to this offset is done: what it led to is in the log. -1 for none. */
  readonly inputOffset: number;
  /** What later commands lead to is not below this offset. */
  readonly outputOffset: number;
}

/** What stands in the way of taking a lease. */
export interface OtherHolder {
  readonly holder: string;
  readonly epoch: number;
  readonly expiresInMs: number;
  readonly progress: Progress;
}

/**
 * Takes the lease when nobody has it, its holder let it run out, or the holder is not connected:
 * at once when the holder had the same name (a process that was started again in its place), after
 * `silentMs` otherwise, so that one who only lost its connection can come back. Answers the new
 * epoch, or null when another has it.
 */
export async function takeLease(pool: Pool, request: LeaseRequest): Promise<number | null> {
  const result = await pool.query<{ epoch: number }>(
    `INSERT INTO engine.leases AS l
       (shard, epoch, holder, backend_pid, backend_start, renewed_at, expires_at)
     SELECT $1, 1, $2, me.pid, me.backend_start, clock_timestamp(),
       clock_timestamp() + $3 * interval '1 millisecond'
     FROM pg_stat_activity me WHERE me.pid = pg_backend_pid()
     ON CONFLICT (shard) DO UPDATE SET epoch = l.epoch + 1, holder = excluded.holder,
       backend_pid = excluded.backend_pid, backend_start = excluded.backend_start,
       renewed_at = excluded.renewed_at, expires_at = excluded.expires_at,
       input_offset = excluded.input_offset, output_offset = excluded.output_offset
     WHERE l.expires_at <= clock_timestamp()
       OR (
         NOT EXISTS (SELECT FROM pg_stat_activity a
           WHERE a.pid = l.backend_pid
             AND coalesce(a.backend_start, l.backend_start) = l.backend_start)
         AND (l.holder = excluded.holder
           OR l.renewed_at <= clock_timestamp() - $4 * interval '1 millisecond')
       )
     RETURNING l.epoch`,
    [request.shard, request.holder, request.leaseMs, request.silentMs],
  );
  return result.rows[0]?.epoch ?? null;
}

/** Answers false when the lease has passed to another epoch: it never comes back. */
export async function renewLease(
  pool: Pool,
  lease: { readonly shard: number; readonly epoch: number; readonly leaseMs: number },
  progress: Progress | null,
): Promise<boolean> {
  const result = await pool.query(
    `UPDATE engine.leases l SET renewed_at = clock_timestamp(),
       expires_at = clock_timestamp() + $3 * interval '1 millisecond',
       backend_pid = me.pid, backend_start = me.backend_start,
       input_offset = coalesce($4, l.input_offset), output_offset = coalesce($5, l.output_offset)
     FROM pg_stat_activity me
     WHERE me.pid = pg_backend_pid() AND l.shard = $1 AND l.epoch = $2`,
    [
      lease.shard,
      lease.epoch,
      lease.leaseMs,
      progress?.inputOffset ?? null,
      progress?.outputOffset ?? null,
    ],
  );
  return result.rowCount === 1;
}

/**
 * Moves the holder's epoch above one met in snapshots or outputs: the table may come from a backup.
 * Answers the epoch, or null when the lease is no longer the holder's.
 */
export async function raiseEpoch(
  pool: Pool,
  lease: { readonly shard: number; readonly epoch: number },
  above: number,
): Promise<number | null> {
  const result = await pool.query<{ epoch: number }>(
    `UPDATE engine.leases SET epoch = greatest(epoch, $3::bigint + 1)
     WHERE shard = $1 AND epoch = $2 RETURNING epoch`,
    [lease.shard, lease.epoch, above],
  );
  return result.rows[0]?.epoch ?? null;
}

/** Lets the next engine start at once. */
export async function releaseLease(
  pool: Pool,
  lease: { readonly shard: number; readonly epoch: number },
): Promise<void> {
  await pool.query(
    `UPDATE engine.leases SET expires_at = clock_timestamp() WHERE shard = $1 AND epoch = $2`,
    [lease.shard, lease.epoch],
  );
}

export async function findHolder(pool: Pool, shard: number): Promise<OtherHolder | null> {
  const result = await pool.query<Omit<OtherHolder, 'progress'> & Progress>(
    `SELECT holder, epoch,
       (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::bigint AS "expiresInMs",
       input_offset AS "inputOffset", output_offset AS "outputOffset"
     FROM engine.leases WHERE shard = $1`,
    [shard],
  );
  const row = result.rows[0];
  if (row === undefined) return null;
  const { inputOffset, outputOffset, ...holder } = row;
  return { ...holder, progress: { inputOffset, outputOffset } };
}
