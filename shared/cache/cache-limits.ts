// What may go into the cache. Checked before anything is sent, so that both caches refuse alike.
import { TerminalError } from '../domain/failure.ts';
import type { CacheEntry, CacheMessage } from './cache.ts';

export const KEY_BYTES_MAX = 200;
/** A record of the event log fits in. */
export const VALUE_BYTES_MAX = 1_048_576;
export const TTL_MS_MAX = 7 * 86_400_000;
/** Entries or messages of one call. */
export const ITEMS_MAX = 1_000;
/** Bytes of one call: what a slow connection can be asked to carry within the time-out. */
export const CALL_BYTES_MAX = 8 * 1_048_576;
export const COUNT_MAX = 1_000_000_000;

const KEY = new RegExp(`^[\\x21-\\x7e]{1,${KEY_BYTES_MAX}}$`);

/** Throws TerminalError for anything that is no key or channel. */
export function checkKey(key: string): void {
  if (KEY.test(key)) return;
  throw new TerminalError(`a key has 1 to ${KEY_BYTES_MAX} printable ASCII characters, no spaces`);
}

export function checkTtl(ttlMs: number): void {
  if (Number.isSafeInteger(ttlMs) && ttlMs >= 1 && ttlMs <= TTL_MS_MAX) return;
  throw new TerminalError(`a value is kept for 1 to ${TTL_MS_MAX} whole milliseconds`);
}

export function checkAmount(amount: number): void {
  if (Number.isSafeInteger(amount) && amount >= 1 && amount <= COUNT_MAX) return;
  throw new TerminalError(`a counter takes whole numbers from 1 to ${COUNT_MAX}`);
}

export function checkEntries(entries: readonly CacheEntry[]): void {
  for (const { key, ttlMs } of entries) {
    checkKey(key);
    checkTtl(ttlMs);
  }
  checkTexts(entries.map(({ value }) => value));
}

export function checkMessages(messages: readonly CacheMessage[]): void {
  for (const { channel } of messages) checkKey(channel);
  checkTexts(messages.map(({ text }) => text));
}

function checkTexts(texts: readonly (string | Buffer)[]): void {
  if (texts.length > ITEMS_MAX) throw new TerminalError(`one call takes ${ITEMS_MAX} items`);
  let bytes = 0;
  for (const text of texts) {
    const size = Buffer.byteLength(text);
    if (size > VALUE_BYTES_MAX) throw new TerminalError(`a value has ${VALUE_BYTES_MAX} bytes`);
    bytes += size;
  }
  if (bytes > CALL_BYTES_MAX) throw new TerminalError(`one call takes ${CALL_BYTES_MAX} bytes`);
}
