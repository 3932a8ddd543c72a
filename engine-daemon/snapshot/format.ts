// A snapshot file in memory: one line of JSON that tools can read with `head -1`, then the state of
// the shard as the core wrote it. One SHA-256 covers both parts, so no byte can change unseen.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { marketIdField, numberField, timeMsField } from '../../shared/events/fields.ts';

export const SNAPSHOT_MAGIC = 'bourse-engine-snapshot';
/** Counts up when the header or the core's payload can no longer be read by the code before. */
export const SNAPSHOT_FORMAT_VERSION = 2;

/** A header line longer than this is no header: thousands of markets fit. */
const HEADER_BYTES_MAX = 4_194_304;

const sha256Field = z.string().regex(/^[0-9a-f]{64}$/);
const countField = z.int().nonnegative();

const headerSchema = z.strictObject({
  magic: z.literal(SNAPSHOT_MAGIC),
  formatVersion: z.literal(SNAPSHOT_FORMAT_VERSION),
  shard: countField,
  /** Offset in `orders.accepted` of the last record that is in this state. */
  inputOffset: countField,
  /** SHA-256 of that record's value: tells whether a snapshot belongs to this very log. */
  inputRecordSha256: sha256Field,
  /** In `engine.executions`: all that later commands led to lies at or above this offset. */
  outputOffset: countField,
  /** Of the engine that wrote the snapshot. */
  epoch: numberField,
  createdAtMs: timeMsField,
  markets: z.array(
    z.strictObject({
      market: marketIdField,
      sequence: countField,
      openOrders: countField,
      stateHash: sha256Field,
    }),
  ),
  payloadBytes: countField,
});

export type SnapshotHeader = z.infer<typeof headerSchema>;
export type MarketDigest = SnapshotHeader['markets'][number];

export interface Snapshot {
  readonly header: SnapshotHeader;
  readonly payload: Uint8Array;
}

/** A snapshot as it is being made: the fixed fields are filled in by `encodeSnapshotFile`. */
export type SnapshotFacts = Omit<SnapshotHeader, 'magic' | 'formatVersion' | 'payloadBytes'>;

/** Why a file is no good snapshot; the reader goes on to the next older one. */
export interface SnapshotFault {
  readonly fault: string;
}

const NEWLINE = 0x0a;
/** The checksum is the last field of the line; what it covers is the line without it. */
const CHECKSUM_TAIL = /,"sha256":"([0-9a-f]{64})"\}$/;

export function encodeSnapshotFile(facts: SnapshotFacts, payload: Uint8Array): Buffer {
  const text = JSON.stringify({
    magic: SNAPSHOT_MAGIC,
    formatVersion: SNAPSHOT_FORMAT_VERSION,
    ...facts,
    payloadBytes: payload.byteLength,
  } satisfies SnapshotHeader);
  const line = `${text.slice(0, -1)},"sha256":"${checksum(text, payload)}"}\n`;
  return Buffer.concat([Buffer.from(line), payload]);
}

/** Reads a whole file. Answers a fault for anything but exactly what `encodeSnapshotFile` wrote. */
export function decodeSnapshotFile(bytes: Buffer): Snapshot | SnapshotFault {
  const lineEnd = bytes.subarray(0, HEADER_BYTES_MAX).indexOf(NEWLINE);
  if (lineEnd < 0) return { fault: 'it has no header line' };
  const line = bytes.toString('utf8', 0, lineEnd);
  const payload = bytes.subarray(lineEnd + 1);
  const recorded = CHECKSUM_TAIL.exec(line)?.[1];
  if (recorded === undefined) return { fault: 'its header has no checksum' };
  const text = line.replace(CHECKSUM_TAIL, '}');
  if (checksum(text, payload) !== recorded) return { fault: 'its checksum does not match' };
  const parsed = headerSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    return { fault: `its header does not fit: ${z.prettifyError(parsed.error)}` };
  if (parsed.data.payloadBytes !== payload.byteLength) return { fault: 'its payload is cut' };
  return { header: parsed.data, payload };
}

export function isSnapshotFault(value: Snapshot | SnapshotFault): value is SnapshotFault {
  return 'fault' in value;
}

function checksum(text: string, payload: Uint8Array): string {
  return createHash('sha256').update(text).update('\n').update(payload).digest('hex');
}
