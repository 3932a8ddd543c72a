// Values and subscribers in this process's memory: what several memory caches share, as several
// clients share one Redis.
import { TerminalError } from '../../domain/failure.ts';
import type { CacheEntry, CounterReading } from '../cache.ts';

/** Beyond it the oldest values go, as a Redis with a memory limit evicts. */
export const MEMORY_ENTRIES_MAX = 100_000;

interface Kept {
  readonly value: string;
  readonly expiresAtMs: number;
}

export type Listener = (text: string) => void;

export class MemoryStore {
  /** In the order in which the keys were last set. */
  readonly #values = new Map<string, Kept>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #nowMs: () => number;
  readonly #entriesMax: number;

  constructor(nowMs: () => number = () => performance.now(), entriesMax = MEMORY_ENTRIES_MAX) {
    this.#nowMs = nowMs;
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): string | null {
    return this.#find(key)?.value ?? null;
  }

  set({ key, value, ttlMs }: CacheEntry): void {
    this.#keep(key, { value, expiresAtMs: this.#nowMs() + ttlMs });
  }

  delete(key: string): boolean {
    const found = this.#find(key) !== null;
    this.#values.delete(key);
    return found;
  }

  count(key: string, amount: number, ttlMs: number): CounterReading {
    const nowMs = this.#nowMs();
    const kept = this.#find(key);
    const before = kept?.value ?? '0';
    if (!/^-?[0-9]{1,15}$/.test(before)) throw new TerminalError(`${key} is no counter`);
    const count = Number(before) + amount;
    const expiresAtMs = kept?.expiresAtMs ?? nowMs + ttlMs;
    this.#keep(key, { value: String(count), expiresAtMs });
    return { count, expiresInMs: Math.max(1, Math.ceil(expiresAtMs - nowMs)) };
  }

  publish(channel: string, text: string | Buffer): void {
    const listeners = this.#listeners.get(channel);
    if (listeners === undefined) return;
    const said = text.toString();
    for (const listener of listeners) listener(said);
  }

  listen(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
  }

  unlisten(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(channel);
  }

  #find(key: string): Kept | null {
    const kept = this.#values.get(key);
    if (kept === undefined) return null;
    if (kept.expiresAtMs > this.#nowMs()) return kept;
    this.#values.delete(key);
    return null;
  }

  #keep(key: string, kept: Kept): void {
    this.#values.delete(key);
    this.#values.set(key, kept);
    if (this.#values.size <= this.#entriesMax) return;
    // What has expired goes first; looking is paid for by the tenth that goes with it.
    const nowMs = this.#nowMs();
    for (const [each, { expiresAtMs }] of this.#values) {
      if (expiresAtMs <= nowMs) this.#values.delete(each);
    }
    const keptMax = this.#entriesMax - Math.floor(this.#entriesMax / 10);
    for (const each of this.#values.keys()) {
      if (this.#values.size <= keptMax) return;
      this.#values.delete(each);
    }
  }
}
