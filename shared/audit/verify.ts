// The whole audit log against itself and against its anchors.
import type { KeyObject } from 'node:crypto';
import { withTransaction, type Pool } from '../db/pool.ts';
import { isSignedBy } from './anchor.ts';
import type { StoredAnchor } from './anchor-files.ts';
import { StreamCheck } from './check-stream.ts';
import type { Finding } from './finding.ts';
import { listHeads, listRows, listStreams, type StoredHead } from './store.ts';
import type { Tx } from '../db/pool.ts';

const BATCH_ROWS = 1_000;

export interface StreamReport {
  readonly stream: string;
  /** Sound records, from the first on. */
  readonly records: number;
}

export interface Report {
  readonly streams: readonly StreamReport[];
  /** Anchors with a good signature. */
  readonly anchors: number;
  /** At most one for a stream, the first; and one for each anchor that is none. */
  readonly findings: readonly Finding[];
}

export interface Anchors {
  /** Read before the log is: each is of a time that the log has reached. */
  readonly stored: readonly StoredAnchor[];
  /** Who may have signed: the present key, and those before it. */
  readonly keys: readonly KeyObject[];
}

/** Reads everything in one snapshot, so that writers do not disturb it, nor it them. */
export async function verifyAudit(pool: Pool, anchors: Anchors | null): Promise<Report> {
  const { anchored, count, findings } = sortAnchors(anchors);
  return withTransaction(
    pool,
    async (tx) => {
      const heads = new Map((await listHeads(tx)).map((head) => [head.stream, head]));
      const names = new Set([...(await listStreams(tx)), ...anchored.keys()]);
      const streams: StreamReport[] = [];
      for (const stream of [...names].sort()) {
        const marks = anchored.get(stream) ?? new Map<number, string>();
        const check = await checkStream(tx, new StreamCheck(stream, marks), heads.get(stream));
        streams.push({ stream, records: check.sequence });
        if (check.finding !== null) findings.push(check.finding);
      }
      return { streams, anchors: count, findings };
    },
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
  );
}

async function checkStream(
  tx: Tx,
  check: StreamCheck,
  head: StoredHead | undefined,
): Promise<StreamCheck> {
  for (let after = 0; check.finding === null;) {
    const rows = await listRows(tx, check.stream, after, BATCH_ROWS);
    for (const row of rows) check.take(row);
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.sequence;
  }
  check.end(head);
  return check;
}

function sortAnchors(anchors: Anchors | null): {
  anchored: Map<string, Map<number, string>>;
  count: number;
  findings: Finding[];
} {
  const anchored = new Map<string, Map<number, string>>();
  const findings: Finding[] = [];
  let count = 0;
  for (const { file, anchor } of anchors?.stored ?? []) {
    const isGood = anchor !== null && anchors?.keys.some((key) => isSignedBy(key, anchor)) === true;
    if (!isGood) {
      const detail = `${file} is ${anchor === null ? 'no anchor' : 'not signed by a known key'}`;
      findings.push({ stream: null, sequence: null, fault: 'signature', detail });
      continue;
    }
    count += 1;
    for (const { stream, sequence, hash } of anchor.heads) {
      const marks = anchored.get(stream) ?? new Map<number, string>();
      anchored.set(stream, marks);
      const held = marks.get(sequence);
      if (held !== undefined && held !== hash) {
        const detail = `${file} anchors another hash than an anchor before it`;
        findings.push({ stream, sequence, fault: 'anchor', detail });
      }
      if (held === undefined) marks.set(sequence, hash);
    }
  }
  return { anchored, count, findings };
}
