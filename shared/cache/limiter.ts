// Counting what is used of an allowance, as a port: Redis for all processes together, or the memory
// of one. Who uses far more than they were refused is banned, from all windows that ban at once.

/** An allowance: so many points in so many seconds, from the first use on. */
export interface LimitWindow {
  /** Lower-case letters and `_`; what it is called in headers, too. */
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
  /** False: nobody is banned by it, and bans do not count here. */
  readonly bans: boolean;
}

export interface LimitReading {
  /** Points used in this window, those of refused requests included. */
  readonly consumed: number;
  /** Until the window begins anew. */
  readonly resetsInMs: number;
  /** 0 unless banned: then nothing was counted. */
  readonly bannedForMs: number;
}

/** Throws RetryableError when it is not known what was used. */
export interface Limiter {
  /** Counts `points` for a subject, such as `u:7`: printable ASCII without spaces. */
  consume(window: LimitWindow, subject: string, points: number): Promise<LimitReading>;
  close(): Promise<void>;
}

/** Points beyond the allowance, in multiples of it, that are refused before a ban. */
export const BAN_AFTER_REFUSED = 10;
export const BAN_MS_MIN = 120_000;
export const BAN_MS_MAX = 3 * 86_400_000;
/** After the end of a ban; until then the next one is twice as long. */
export const BAN_REMEMBERED_MS = 86_400_000;

/** Beyond this many points in one window the subject is banned. */
export function banThresholdOf(window: LimitWindow): number {
  return window.points * (1 + BAN_AFTER_REFUSED);
}

/** `strikes` counts the bans, this one included. */
export function banMsOf(strikes: number): number {
  return Math.min(BAN_MS_MIN * 2 ** (Math.min(strikes, 32) - 1), BAN_MS_MAX);
}
