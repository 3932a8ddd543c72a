// Whether the exchange is alive from end to end: an order sent now is answered by the engine,
// projected, settled, and told to the market. A process that runs but hangs shows here.
import { makeClient } from '../../audit/database.ts';
import { waitUntil } from '../pause.ts';
import type { Probe } from '../workload/probe.ts';

/** One row, once the order was accepted: who has done his part with it. */
const PARTS = `SELECT o.status <> 'accepted' AS projected,
    h.remaining = 0 AS settled,
    o.last_sequence > 0 AND b.contiguous_sequence >= o.last_sequence AS told
  FROM orders.orders o
  LEFT JOIN ledger.holds h ON h.hold = $1
  LEFT JOIN market_data.books b ON b.market = o.market
  WHERE o.order_number = $2`;

const POLL_MS = 100;

/** Null when it is alive; otherwise what has not happened in time. */
export async function findStandstill(
  probe: Probe,
  databaseUrl: string,
  timeoutMs: number,
): Promise<unknown> {
  const deadlineMs = performance.now() + timeoutMs;
  const orderId = await probe.untilAnswered(timeoutMs);
  if (orderId === null) return { answered: false };
  let parts: Record<string, boolean | null> | undefined;
  const isDone = await waitUntil(
    async () => {
      parts = await readParts(databaseUrl, orderId);
      return parts !== undefined && Object.values(parts).every((done) => done === true);
    },
    deadlineMs - performance.now(),
    POLL_MS,
  );
  return isDone ? null : { orderId, ...parts };
}

async function readParts(
  url: string,
  orderId: string,
): Promise<Record<string, boolean | null> | undefined> {
  const client = makeClient(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    const number = Number(orderId.slice('ord_'.length));
    const { rows } = await client.query<Record<string, boolean | null>>(PARTS, [orderId, number]);
    return rows[0];
  } finally {
    await client.end();
  }
}
