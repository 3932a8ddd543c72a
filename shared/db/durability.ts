// Whether the server keeps what it says is committed. Everything that we promise rests on it, so a
// process that writes money does not start on a server, a role or a connection that does not.
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError, TerminalError } from '../domain/failure.ts';
import type { BusLog } from '../bus/bus-log.ts';
import { isRetryableDatabaseError } from './failure.ts';
import type { Pool } from './pool.ts';

/** Variable and value that let a process start anyway, for data that nobody would miss. */
export const UNSAFE_VARIABLE = 'DATABASE_UNSAFE';
export const UNSAFE_ACCEPTED = 'accept-data-loss';

/** As the server reports them for this connection. */
export interface DurabilitySettings {
  readonly fsync: string;
  readonly fullPageWrites: string;
  readonly synchronousCommit: string;
  readonly synchronousStandbys: string;
}

const WAIT_FIRST_MS = 100;
const WAIT_MAX_MS = 1_000;
/** A process that cannot ask by then ends, and is started again by whoever watches it. */
const ATTEMPTS_MAX = 10;

/** What is unsafe, in the words of postgresql.conf; nothing when all is well. */
export function findUnsafe(settings: DurabilitySettings): string[] {
  const { fsync, fullPageWrites, synchronousCommit, synchronousStandbys } = settings;
  const unsafe: string[] = [];
  if (fsync !== 'on') unsafe.push(`fsync=${fsync}`);
  if (fullPageWrites !== 'on') unsafe.push(`full_page_writes=${fullPageWrites}`);
  if (!isCommitSafe(synchronousCommit, synchronousStandbys !== '')) {
    unsafe.push(`synchronous_commit=${synchronousCommit}`);
  }
  return unsafe;
}

/**
 * `local` and `remote_write` wait for this server's disk, which is all there is without a standby.
 * With one, a fail-over would forget what was acknowledged.
 */
function isCommitSafe(setting: string, hasStandby: boolean): boolean {
  if (setting === 'on' || setting === 'remote_apply') return true;
  return !hasStandby && (setting === 'local' || setting === 'remote_write');
}

/**
 * Throws TerminalError, naming the settings, unless what this pool's role commits survives a power
 * cut. `accepted` is the value of DATABASE_UNSAFE. Waits a while for a server that is away.
 */
export async function assertDurable(
  pool: Pool,
  accepted: string | undefined,
  log: BusLog,
): Promise<void> {
  const unsafe = findUnsafe(await readWhenThere(pool, log));
  if (unsafe.length === 0) return;
  const what = `the database may lose what it has committed: ${unsafe.join(', ')}`;
  if (accepted !== UNSAFE_ACCEPTED) throw new TerminalError(what);
  log.error({ unsafe }, `${what}; started all the same, because ${UNSAFE_VARIABLE} says so`);
}

async function readWhenThere(pool: Pool, log: BusLog): Promise<DurabilitySettings> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read(pool);
    } catch (cause) {
      if (!isRetryableDatabaseError(cause)) throw cause;
      if (attempt === ATTEMPTS_MAX) {
        throw new RetryableError('the database is away: its durability is unknown', { cause });
      }
      log.warn({ err: cause }, 'the database is away; nothing starts before it is asked');
    }
    await sleep(Math.min(WAIT_FIRST_MS * 2 ** attempt, WAIT_MAX_MS));
  }
}

async function read(pool: Pool): Promise<DurabilitySettings> {
  const { rows } = await pool.query<DurabilitySettings>(
    `SELECT current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS "fullPageWrites",
       current_setting('synchronous_commit') AS "synchronousCommit",
       current_setting('synchronous_standby_names') AS "synchronousStandbys"`,
  );
  const [settings] = rows;
  if (settings === undefined) throw new TerminalError('the server does not tell its settings');
  return settings;
}
