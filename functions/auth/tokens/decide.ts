// When a signing key is published, signs and is done, by its times alone.

/** Every process that checks tokens knows a key by then: see KEYS_RENEW_MS of the key set. */
export const PUBLISHED_AHEAD_MS = 15 * 60_000;
/** Longer than any token that a key has signed, and than an instance that heard late signs on. */
export const PUBLISHED_AFTER_MS = 60 * 60_000;

/** Milliseconds since 1970. */
export interface KeyTimes {
  readonly kid: string;
  readonly publishedAtMs: number;
  /** Null: stands by for the next rotation. */
  readonly signsFromMs: number | null;
  /** Null: until the next rotation. */
  readonly signsUntilMs: number | null;
  /** When it was taken out because it has leaked. */
  readonly withdrawnAtMs: number | null;
}

export type KeyState = 'published' | 'signing' | 'retired' | 'gone';

export function stateOf(key: KeyTimes, nowMs: number): KeyState {
  const { signsFromMs, signsUntilMs, withdrawnAtMs } = key;
  if (withdrawnAtMs !== null && withdrawnAtMs <= nowMs) return 'gone';
  if (signsFromMs === null || nowMs < signsFromMs) return 'published';
  if (signsUntilMs === null || nowMs < signsUntilMs) return 'signing';
  return nowMs < signsUntilMs + PUBLISHED_AFTER_MS ? 'retired' : 'gone';
}

/**
 * The key that signs now. An instance whose clock is behind the one that made the first key takes
 * that: no other is published. Null when there is no key at all.
 */
export function findSigningKey<Key extends KeyTimes>(
  keys: readonly Key[],
  nowMs: number,
): Key | null {
  const signing = keys.find((key) => stateOf(key, nowMs) === 'signing');
  if (signing !== undefined) return signing;
  const dated = keys.filter(({ signsFromMs, withdrawnAtMs }) => {
    return signsFromMs !== null && withdrawnAtMs === null;
  });
  return dated.length === 1 ? (dated[0] ?? null) : null;
}

export interface Rotation {
  /** Signs until the rotation. */
  readonly from: string;
  /** Signs from then on. */
  readonly to: string;
  readonly atMs: number;
  /** True: `from` has leaked, and is published no longer. */
  readonly withdraw: boolean;
}

/**
 * The key that stands by signs as soon as it has been published long enough, which is at once
 * unless there was a rotation just before; with `withdraw` it never waits. Answers what is in the
 * way where nothing can be rotated.
 */
export function planRotation(
  keys: readonly KeyTimes[],
  nowMs: number,
  withdraw: boolean,
): Rotation | string {
  const signing = keys.find((key) => stateOf(key, nowMs) === 'signing');
  const due = keys.find(({ signsFromMs }) => signsFromMs !== null && signsFromMs > nowMs);
  const next = due ?? keys.find(({ signsFromMs }) => signsFromMs === null);
  if (signing === undefined || next === undefined) return 'there are no keys to rotate yet';
  if (due !== undefined && !withdraw) {
    const from = new Date(due.signsFromMs ?? nowMs).toISOString();
    return `a rotation is under way: the next key signs from ${from}`;
  }
  const aheadMs = withdraw ? 0 : PUBLISHED_AHEAD_MS;
  const atMs = Math.max(nowMs, next.publishedAtMs + aheadMs);
  return { from: signing.kid, to: next.kid, atMs, withdraw };
}
