// Seals anew, a batch at a time and beside running processes, what is not under the current key of
// its ring. It keeps no state: whoever starts it again goes on with what is left.
import type { Pool } from '../../../../shared/db/pool.ts';
import type { KeyRing, SealingPurpose } from '../../../../shared/secrets/key-ring.ts';
import { seal, SealBroken, unseal } from '../../../../shared/secrets/seal.ts';
import { countByKey, readBatch, replaceSealed, TARGETS, type Target } from './targets.ts';

export const BATCH_ROWS = 500;

export interface ResealOptions {
  /** Of bourse_reseal. */
  readonly pool: Pool;
  readonly ringOf: (purpose: SealingPurpose) => KeyRing;
  /** Only says what there is. */
  readonly dryRun: boolean;
  readonly say: (line: string) => void;
  readonly batchRows?: number;
}

/** Answers how many are left that are not under a current key. */
export async function resealAll(options: ResealOptions): Promise<number> {
  const { pool, ringOf, dryRun, say } = options;
  let left = 0;
  for (const target of TARGETS) {
    const ring = ringOf(target.purpose);
    if (!dryRun) await resealTarget(target, ring, options);
    const counts = await countByKey(pool, target);
    if (counts.size === 0) say(`${target.name}: none`);
    for (const [keyId, count] of counts) {
      const isCurrent = keyId === ring.current;
      if (!isCurrent) left += count;
      const known = ring.keys.has(keyId) ? 'an old key' : 'a key that is not in the ring';
      const which = isCurrent ? 'the current key' : known;
      say(`${target.name}: ${count} under ${target.purpose}/${keyId}, ${which}`);
    }
  }
  return left;
}

async function resealTarget(
  target: Target,
  ring: KeyRing,
  { pool, say, batchRows = BATCH_ROWS }: ResealOptions,
): Promise<void> {
  let after = target.beforeFirst;
  let [done, changed, unopened] = [0, 0, 0];
  for (;;) {
    const rows = await readBatch(pool, target, ring.current, after, batchRows);
    for (const row of rows) {
      after = row.key;
      const place = target.placeOf(row.owner);
      const plain = open(ring, place, row.sealed);
      // A row that cannot be opened is left to a person, and stops nothing.
      if (plain === null) unopened += 1;
      else if (await replaceSealed(pool, target, row, seal(ring, place, plain))) done += 1;
      else changed += 1;
    }
    if (rows.length > 0) {
      const counts = `${done} sealed anew, ${changed} changed meanwhile, ${unopened} not opened`;
      say(`${target.name}: ${counts}, as far as ${after}`);
    }
    if (rows.length < batchRows) return;
  }
}

function open(ring: KeyRing, place: string, sealed: string): Buffer | null {
  try {
    return unseal(ring, place, sealed);
  } catch (error) {
    if (error instanceof SealBroken) return null;
    throw error;
  }
}
