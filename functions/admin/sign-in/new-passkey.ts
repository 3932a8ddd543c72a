// A passkey that an authenticator has just made, for an enrolment or beside those that there are.
import type { Tx } from '../../../shared/db/pool.ts';
import { staffId } from '../../../shared/domain/ids.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { creationOptions } from '../../../shared/passkeys/options.ts';
import { findChallenge, verifyAttestation } from '../../../shared/passkeys/verify.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import type { AdminDeps } from '../deps.ts';
import type { NewPasskeyBody } from './schema.ts';
import { makeChallenge, takeChallenge, type ChallengePurpose } from './store/challenges.ts';
import { listPasskeys, savePasskey, type StoredPasskey } from './store/passkeys.ts';
import type { Person } from './store/sessions.ts';

/** Enough for two at hand and two in a safe. */
export const PASSKEYS_MAX = 5;

/** What to ask an authenticator for. The person is locked. */
export async function offerPasskey(
  tx: Tx,
  { site, now }: AdminDeps,
  { staffNumber, email }: Person,
  purpose: ChallengePurpose,
): Promise<ReturnType<typeof creationOptions> | Rejection> {
  const known = await listPasskeys(tx, staffNumber);
  if (known.length >= PASSKEYS_MAX) return reject('PASSKEYS_TOO_MANY');
  const challenge = await makeChallenge(tx, purpose, now());
  const user = { id: staffId(staffNumber), name: email };
  return creationOptions(site, user, challenge, known, 'required');
}

/** Keeps what it has made. The challenge is used up whatever comes of it; the person is locked. */
export async function takePasskey(
  tx: Tx,
  { site, now }: AdminDeps,
  staffNumber: number,
  { name, response }: NewPasskeyBody,
  purpose: ChallengePurpose,
  log: Logger,
): Promise<StoredPasskey | Rejection> {
  const nowMs = now();
  const challenge = findChallenge(response.response.clientDataJSON);
  if (challenge === null) return reject('PASSKEY_INVALID');
  if (!(await takeChallenge(tx, challenge, purpose, nowMs))) return reject('PASSKEY_INVALID');
  const key = await verifyAttestation(site, response, challenge, log);
  if (key === null) return reject('PASSKEY_INVALID');
  const known = await listPasskeys(tx, staffNumber);
  if (known.length >= PASSKEYS_MAX) return reject('PASSKEYS_TOO_MANY');
  const transports = response.response.transports ?? [];
  const createdAt = new Date(nowMs);
  const passkey = { ...key, transports, staffNumber, name, createdAt };
  return (
    (await savePasskey(tx, passkey)) ?? reject('PASSKEY_INVALID', 'this passkey is known already')
  );
}

export function presentPasskey({ credentialId, name, createdAt, lastUsedAt }: StoredPasskey) {
  return {
    id: credentialId.toString('base64url'),
    name,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
