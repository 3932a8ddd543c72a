// Makes signing keys: the first when there is none, and with each rotation the one after the next.
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { Pool } from '../../../shared/db/pool.ts';
import { TerminalError } from '../../../shared/domain/failure.ts';
import { TOKEN_ALGORITHM } from '../../../shared/function/auth/token-rules.ts';
import type { Operator } from '../../../shared/operator/operator.ts';
import type { KeyRing } from '../../../shared/secrets/key-ring.ts';
import { seal, SealBroken, unseal } from '../../../shared/secrets/seal.ts';
import { planRotation, stateOf, type Rotation } from './decide.ts';
import {
  addKey,
  listKeys,
  noteChange,
  saveRotation,
  withdrawKeys,
  withKeysLocked,
  type NewKey,
} from './store.ts';

const NOBODY: Operator = { actor: 'auth', reason: 'there was no key to sign with' };

/** Where the private part of a key is sealed for. */
export function placeOf(kid: string): string {
  return `signing-key/${kid}`;
}

/** Instances that start together make one pair: one key signs, the other stands by. */
export async function makeFirstKeys(pool: Pool, sealing: KeyRing, nowMs: number): Promise<void> {
  await withKeysLocked(pool, async (tx) => {
    if ((await listKeys(tx)).length > 0) return;
    const first = await drawKey(sealing);
    await addKey(tx, first, nowMs, nowMs);
    await noteChange(tx, 'made', first.kid, NOBODY, nowMs);
    await addKey(tx, await drawKey(sealing), nowMs, null);
  });
}

/** Throws TerminalError when there is nothing to rotate, or a rotation is under way. */
export async function rotateKeys(
  pool: Pool,
  sealing: KeyRing,
  operator: Operator,
  nowMs: number,
  withdraw = false,
): Promise<Rotation> {
  return withKeysLocked(pool, async (tx) => {
    const keys = await listKeys(tx);
    const rotation = planRotation(keys, nowMs, withdraw);
    if (typeof rotation === 'string') throw new TerminalError(rotation);
    await saveRotation(tx, rotation, nowMs);
    const standsBy = keys.some((key) => key.signsFromMs === null && key.kid !== rotation.to);
    if (!standsBy) await addKey(tx, await drawKey(sealing), nowMs, null);
    if (withdraw) await noteChange(tx, 'withdrawn', rotation.from, operator, nowMs);
    await noteChange(tx, 'rotated', rotation.to, operator, nowMs);
    return rotation;
  });
}

/**
 * For the day when what the keys were sealed with is lost: makes new ones, and none of the old is
 * believed any more. Answers the one that signs. Throws TerminalError while one of the old ones
 * opens: a rotation is enough then, and ends nothing.
 */
export async function replaceLostKeys(
  pool: Pool,
  sealing: KeyRing,
  operator: Operator,
  nowMs: number,
): Promise<string> {
  return withKeysLocked(pool, async (tx) => {
    const lost = (await listKeys(tx)).filter((key) => stateOf(key, nowMs) !== 'gone');
    const opens = lost.find(({ kid, sealed }) => sealed !== null && canOpen(sealing, kid, sealed));
    if (opens !== undefined) throw new TerminalError(`${opens.kid} can be opened: rotate instead`);
    const kids = lost.map(({ kid }) => kid);
    await withdrawKeys(tx, kids, nowMs);
    for (const kid of kids) await noteChange(tx, 'withdrawn', kid, operator, nowMs);
    const first = await drawKey(sealing);
    await addKey(tx, first, nowMs, nowMs);
    await noteChange(tx, 'made', first.kid, operator, nowMs);
    await addKey(tx, await drawKey(sealing), nowMs, null);
    return first.kid;
  });
}

function canOpen(sealing: KeyRing, kid: string, sealed: string): boolean {
  try {
    unseal(sealing, placeOf(kid), sealed);
    return true;
  } catch (error) {
    if (error instanceof SealBroken) return false;
    throw error;
  }
}

async function drawKey(sealing: KeyRing): Promise<NewKey> {
  const pair = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(pair.privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, sealed: seal(sealing, placeOf(kid), JSON.stringify(jwk)) };
}
