// The chain of a stream, computed again: where it begins, and the hash of each record.
import { createHash } from 'node:crypto';

export interface ChainedRow {
  readonly stream: string;
  readonly sequence: number;
  readonly recordedAtMs: number;
  readonly databaseRole: string;
  /** Canonical JSON. */
  readonly record: string;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
}

/** What the first record of a stream is chained to. */
export function genesisHash(stream: string): Buffer {
  return createHash('sha256').update(stream, 'utf8').digest();
}

/** As `audit.append` computes it (0170_audit.sql). */
export function hashRow(row: Omit<ChainedRow, 'hash' | 'stream'>): Buffer {
  return createHash('sha256')
    .update(row.previousHash)
    .update(`${row.sequence}\n${row.recordedAtMs}\n${row.databaseRole}\n${row.record}`, 'utf8')
    .digest();
}
