// The signing keys as an instance knows them: read now and then, opened once, kept in memory.
import { importJWK, type CryptoKey } from 'jose';
import { z } from 'zod';
import type { Pool } from '../../../shared/db/pool.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { TOKEN_ALGORITHM } from '../../../shared/function/auth/token-rules.ts';
import type { KeyRing } from '../../../shared/secrets/key-ring.ts';
import { unseal } from '../../../shared/secrets/seal.ts';
import { findSigningKey, stateOf, type KeyTimes } from './decide.ts';
import { makeFirstKeys, placeOf } from './make-keys.ts';
import type { PublicKey } from './schema.ts';
import { listKeys, type StoredKey } from './store.ts';

/**
 * How late an instance may hear of a rotation: far less than a key is published ahead and after,
 * so that nobody needs to be told.
 */
export const KEYS_RELOAD_MS = 30_000;

const privateJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  d: z.string(),
});

export interface SigningKey extends KeyTimes {
  readonly privateKey: CryptoKey;
  readonly publicKey: PublicKey;
}

export interface SigningKeys {
  /** The one that signs now. The very first caller of an exchange makes it. */
  current(): Promise<SigningKey>;
  /** What the world is shown: who signs, who signed within the hour, who is next. */
  published(): Promise<readonly PublicKey[]>;
}

/** What is said of keys: of those that cannot be read, or not opened. */
export type KeysLog = Readonly<Record<'warn' | 'error', (facts: object, message: string) => void>>;

export interface SigningKeysOptions {
  readonly pool: Pool;
  readonly sealing: KeyRing;
  readonly now: () => number;
  readonly log: KeysLog;
}

export function openSigningKeys(options: SigningKeysOptions): SigningKeys {
  const { now, log } = options;
  let keys: readonly SigningKey[] = [];
  let reloadAtMs = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | null = null;

  const load = async (): Promise<void> => {
    try {
      keys = await readKeys(options, keys);
      reloadAtMs = now() + KEYS_RELOAD_MS;
    } catch (error) {
      // Known keys go on: they are good for longer than an outage should last.
      if (keys.length === 0) throw error;
      log.warn({ err: error }, 'could not read the signing keys again');
      reloadAtMs = now() + KEYS_RELOAD_MS;
    }
  };
  const known = async (): Promise<readonly SigningKey[]> => {
    if (now() >= reloadAtMs) {
      loading ??= load().finally(() => (loading = null));
      await loading;
    }
    return keys;
  };
  return {
    current: async () => {
      const key = findSigningKey(await known(), now());
      assert(key !== null, 'there is no key to sign with');
      return key;
    },
    published: async () =>
      (await known())
        .filter((key) => stateOf(key, now()) !== 'gone')
        .map(({ publicKey }) => publicKey),
  };
}

async function readKeys(
  { pool, sealing, now, log }: SigningKeysOptions,
  before: readonly SigningKey[],
): Promise<readonly SigningKey[]> {
  let stored = await listKeys(pool);
  if (stored.length === 0) {
    await makeFirstKeys(pool, sealing, now());
    stored = await listKeys(pool);
  }
  const opened: SigningKey[] = [];
  for (const { sealed, ...times } of stored) {
    if (sealed === null || stateOf(times, now()) === 'gone') continue;
    const same = before.find(({ kid }) => kid === times.kid);
    const key = same ?? (await openOrReport({ sealed, ...times }, sealing, log));
    if (key !== null) opened.push({ ...key, ...times });
  }
  return opened;
}

/** Null for a row that we did not write: it is not published, and does not stop the others. */
async function openOrReport(
  stored: StoredKey,
  sealing: KeyRing,
  log: KeysLog,
): Promise<SigningKey | null> {
  try {
    return await openKey(stored, sealing);
  } catch (error) {
    log.error({ err: error, kid: stored.kid }, 'a signing key cannot be opened');
    return null;
  }
}

async function openKey({ sealed, ...times }: StoredKey, sealing: KeyRing): Promise<SigningKey> {
  assert(sealed !== null, 'a destroyed key is not opened');
  const { kid } = times;
  const text = unseal(sealing, placeOf(kid), sealed).toString();
  const { kty, crv, x, d } = privateJwk.parse(JSON.parse(text));
  const privateKey = await importJWK({ kty, crv, x, d }, TOKEN_ALGORITHM);
  assert(!(privateKey instanceof Uint8Array), 'a private key is no secret of bytes');
  return {
    ...times,
    privateKey,
    publicKey: { kty, crv, x, kid, alg: TOKEN_ALGORITHM, use: 'sig' },
  };
}
