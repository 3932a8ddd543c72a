// A5: when the faults stop, everything that was accepted is executed, settled and projected, and
// all lag is zero, within a time.
import { makeClient } from '../../audit/database.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { waitUntil } from '../pause.ts';
import type { Probe } from '../workload/probe.ts';

const READY_TIMEOUT_MS = 120_000;
const QUIET_TIMEOUT_MS = 120_000;
const PROBE_TIMEOUT_MS = 60_000;

/** What is still to be done; all zero at rest. */
const LEFT = `SELECT
    (SELECT count(*)::integer FROM orders.outbox) + (SELECT count(*)::integer FROM reference.outbox)
      AS outbox,
    (SELECT count(*)::integer FROM reference.markets WHERE moving_to IS NOT NULL) AS moving,
    (SELECT count(*)::integer FROM orders.orders WHERE status = 'accepted') AS accepted`;

export interface Quiescence {
  /** Null when it did not come to rest. */
  readonly tookMs: number | null;
  /** What was left when the waiting ended. */
  readonly left: Readonly<Record<string, number>>;
}

/** To be called when no client sends any more. The engine answers a last order first. */
export async function waitForRest(cluster: Cluster, probe: Probe): Promise<Quiescence> {
  const startedMs = performance.now();
  const isReady = await cluster.waitReady(READY_TIMEOUT_MS);
  const answered = isReady ? await probe.untilAnswered(PROBE_TIMEOUT_MS) : null;
  if (answered === null) return { tookMs: null, left: { ready: isReady ? 1 : 0, answered: 0 } };
  let left: Record<string, number> = {};
  const isQuiet = await waitUntil(async () => {
    left = { ...(await readLeft(cluster)), ...(await readLag(cluster)) };
    return Object.values(left).every((count) => count === 0);
  }, QUIET_TIMEOUT_MS);
  return { tookMs: isQuiet ? Math.round(performance.now() - startedMs) : null, left };
}

async function readLeft(cluster: Cluster): Promise<Record<string, number>> {
  const client = makeClient(cluster.postgres.url);
  await client.connect();
  try {
    const { rows } = await client.query<Record<'outbox' | 'moving' | 'accepted', number>>(LEFT);
    return { ...rows[0] };
  } finally {
    await client.end();
  }
}

async function readLag(cluster: Cluster): Promise<Record<string, number>> {
  const sources = await cluster.emulator.sources();
  return Object.fromEntries(sources.map((each) => [`lag of ${each.source}`, each.lag]));
}
