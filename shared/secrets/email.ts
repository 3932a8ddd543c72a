// E-mail addresses in the database: sealed for their user, and found again by a keyed hash, so that
// whoever reads the tables learns no address and cannot try which ones are there.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../config/environment.ts';
import { userId } from '../domain/ids.ts';
import { isSoundKey, readKeyRing, type KeyRing } from './key-ring.ts';
import { seal, unseal, type Sealed } from './seal.ts';

/** Beside the rings, a file of its own: who signs users in needs it and not their ring. */
export const EMAIL_INDEX_FILE = 'email-index.json';

/**
 * Of the HMAC that addresses are found by. It is never rotated: another key would find nobody.
 */
export interface EmailIndexKey {
  readonly key: Buffer;
}

/** What addresses are sealed with, and what they are found by. */
export interface EmailKeys {
  /** The ring `users`. */
  readonly ring: KeyRing;
  readonly index: EmailIndexKey;
}

/** Throws ConfigError. */
export function readEmailKeys(directory: string): EmailKeys {
  return { ring: readKeyRing(directory, 'users'), index: readEmailIndexKey(directory) };
}

const fileSchema = z.strictObject({ key: z.base64() });

/** Reads `<directory>/email-index.json`: `{"key": "<base64>"}`. Throws ConfigError. */
export function readEmailIndexKey(directory: string): EmailIndexKey {
  const file = join(directory, EMAIL_INDEX_FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`the key ${file} cannot be read`, { cause: error });
  }
  const key = parseEmailIndexKey(text);
  if (key === null) throw new ConfigError(`${file} is no key of an index`);
  return key;
}

/** Null when the text is no key of 32 random bytes. */
export function parseEmailIndexKey(text: string): EmailIndexKey | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) return null;
  const key = Buffer.from(parsed.data.key, 'base64');
  return isSoundKey(key) ? { key } : null;
}

/** What an address is found by: HMAC-SHA-256 of it in lower case. */
export function indexEmail({ key }: EmailIndexKey, email: string): Buffer {
  return createHmac('sha256', key).update(email.toLowerCase()).digest();
}

/** `ring` is the ring `users`. What is sealed for one user opens for no other. */
export function sealEmail(ring: KeyRing, userNumber: number, email: string): Sealed {
  return seal(ring, emailPlace(userNumber), email);
}

/** Throws SealBroken. */
export function openEmail(ring: KeyRing, userNumber: number, sealed: string): string {
  return unseal(ring, emailPlace(userNumber), sealed).toString();
}

export function emailPlace(userNumber: number): string {
  return `email/${userId(userNumber)}`;
}
