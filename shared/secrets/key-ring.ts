// Keys that seal what is stored: one ring a purpose, each key with an id, so that keys can be
// changed while what an old one sealed can still be opened.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../config/environment.ts';

/** AES-256. */
const KEY_BYTES = 32;
const RING_KEYS_MAX = 16;

/**
 * What is sealed, and with it who may open it: `auth` holds factors and signing keys, `api-keys`
 * what every function needs that checks signed requests, `mail` what waits to be sent, `users` the
 * e-mail addresses of people.
 */
export const SEALING_PURPOSES = ['auth', 'api-keys', 'mail', 'users'] as const;
export type SealingPurpose = (typeof SEALING_PURPOSES)[number];

/** Names the folder with the rings that a process may have. */
export const SEALING_DIR_VARIABLE = 'SEALING_KEYS_DIR';

export interface KeyRing {
  readonly purpose: SealingPurpose;
  /** Id of the key that seals from now on. */
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

const KEY_ID = /^[a-z0-9-]{1,32}$/;

const ringSchema = z.strictObject({
  current: z.string().regex(KEY_ID),
  keys: z.record(z.string().regex(KEY_ID), z.base64()),
});

/**
 * Reads `<directory>/<purpose>.json`: `{"current": "2026-11", "keys": {"2026-11": "<base64>"}}`.
 * Throws ConfigError, which names the file and shows nothing of it.
 */
export function readKeyRing(directory: string, purpose: SealingPurpose): KeyRing {
  const file = join(directory, `${purpose}.json`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`the sealing keys ${file} cannot be read`, { cause: error });
  }
  const ring = parseKeyRing(text, purpose);
  if (ring === null) throw new ConfigError(`${file} is no ring of sealing keys`);
  return ring;
}

/** Null when the text is no ring: keys of 32 random bytes, one of them the current. */
export function parseKeyRing(text: string, purpose: SealingPurpose): KeyRing | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = ringSchema.safeParse(value);
  if (!parsed.success) return null;
  const { current } = parsed.data;
  const keys = new Map(
    Object.entries(parsed.data.keys).map(([id, key]) => [id, Buffer.from(key, 'base64')]),
  );
  const sound = [...keys.values()].every(isSoundKey);
  if (!sound || !keys.has(current) || keys.size > RING_KEYS_MAX) return null;
  return { purpose, current, keys };
}

/** A key of one repeated byte is a placeholder that somebody forgot. */
export function isSoundKey(key: Buffer): boolean {
  return key.length === KEY_BYTES && key.some((byte) => byte !== key[0]);
}
