// The newest engine snapshot of each shard: its first line says at which offset of the command log
// it was taken and which state hash each book had.
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Findings } from './findings.ts';
import { sha256, type Replay } from './replay.ts';
import type { LogRecord } from './wire.ts';

const HEADER_BYTES_MAX = 4_194_304;
const NAME = /^shard-([0-9]+)-([0-9]{16})\.snapshot$/;

export interface SnapshotClaim {
  readonly file: string;
  readonly shard: number;
  readonly inputOffset: number;
  readonly inputRecordSha256: string;
  readonly markets: readonly { readonly market: string; readonly stateHash: string }[];
}

/** Reads the claims before the database is read, so that the log holds all that they speak of. */
export function readClaims(dir: string): SnapshotClaim[] {
  if (!existsSync(dir)) return [];
  const newest = new Map<number, SnapshotClaim>();
  // Names sort as offsets do: the last good one of a shard is the newest.
  for (const name of readdirSync(dir).sort()) {
    const shard = Number(NAME.exec(name)?.[1] ?? NaN);
    const claim = Number.isNaN(shard) ? null : readClaim(join(dir, name), shard);
    if (claim !== null) newest.set(shard, claim);
  }
  return [...newest.values()];
}

/** Null for a file that is cut, changed or no longer there: the engine skips it as well. */
function readClaim(file: string, shard: number): SnapshotClaim | null {
  try {
    const header = JSON.parse(readFirstLine(file)) as SnapshotClaim;
    const { inputOffset, inputRecordSha256, markets } = header;
    const isClaim = Number.isSafeInteger(inputOffset) && Array.isArray(markets);
    return isClaim ? { file, shard, inputOffset, inputRecordSha256, markets } : null;
  } catch {
    return null;
  }
}

function readFirstLine(file: string): string {
  const handle = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(65_536);
    let text = '';
    while (!text.includes('\n') && text.length < HEADER_BYTES_MAX) {
      const bytes = readSync(handle, chunk);
      if (bytes === 0) break;
      text += chunk.toString('utf8', 0, bytes);
    }
    return text.slice(0, Math.max(0, text.indexOf('\n')));
  } finally {
    closeSync(handle);
  }
}

/** Compares claims with the replay as it comes by their offsets (M3). */
export class SnapshotCheck {
  readonly #claims: Map<number, SnapshotClaim>;
  readonly #findings: Findings;

  constructor(claims: readonly SnapshotClaim[], findings: Findings) {
    this.#claims = new Map(claims.map((claim) => [claim.shard, claim]));
    this.#findings = findings;
  }

  /** To be called after each record of the command log was replayed. */
  passed(record: LogRecord, replay: Replay): void {
    const claim = this.#claims.get(record.partition);
    if (claim?.inputOffset !== record.offset) return;
    this.#claims.delete(record.partition);
    const { file, inputOffset } = claim;
    if (sha256(record.value) !== claim.inputRecordSha256) {
      this.#findings.violate('M3', 'a snapshot belongs to another log', { file, inputOffset });
      return;
    }
    const replayed = replay.stateHashes(record.partition);
    const claimed = new Map(claim.markets.map(({ market, stateHash }) => [market, stateHash]));
    for (const market of new Set<string>([...claimed.keys(), ...replayed.keys()])) {
      const hashes = [claimed.get(market) ?? null, hashOf(replayed, market)];
      if (hashes[0] === hashes[1]) continue;
      const row = { file, inputOffset, market, snapshot: hashes[0], replayed: hashes[1] };
      this.#findings.violate('M3', 'a snapshot is not what the log replays to', row);
    }
  }

  finish(): void {
    for (const { file, inputOffset } of this.#claims.values()) {
      this.#findings.violate('M3', 'a snapshot is beyond the end of the log', {
        file,
        inputOffset,
      });
    }
  }
}

function hashOf(hashes: ReadonlyMap<string, string>, market: string): string | null {
  return hashes.get(market) ?? null;
}
