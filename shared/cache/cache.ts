// The cache as a port: values that expire, counters, and messages to whoever listens just then.
// Redis and this process's memory stand behind it; one contract suite holds both to what is written
// here. All of it may vanish at any moment: nothing that money needs lives here.

/** A value and how long it is kept. */
export interface CacheEntry {
  /** Printable ASCII without spaces, at most KEY_BYTES_MAX. */
  readonly key: string;
  readonly value: string;
  readonly ttlMs: number;
}

export interface CacheMessage {
  readonly channel: string;
  /** A buffer holds UTF-8: what was encoded already is not decoded to be encoded again. */
  readonly text: string | Buffer;
}

export interface CounterReading {
  readonly count: number;
  /** Until the counter begins at zero again. */
  readonly expiresInMs: number;
}

export interface SubscribeOptions {
  readonly channel: string;
  /** Called once per message, in the order of each publisher. What it throws is logged. */
  readonly onMessage: (text: string) => void;
  /**
   * The connection was lost and is there again: messages may be missing. Called as often as that
   * happens.
   */
  readonly onGap?: () => void;
}

export interface Subscription {
  /** False while it is known that nothing can be heard. */
  readonly isStanding: boolean;
  /** Nothing is handed over any more. */
  end(): Promise<void>;
}

/**
 * Every method throws RetryableError when the cache is away or does not answer in time, and at once
 * while that is known; the outcome of a write is then unknown. It throws TerminalError for
 * what is beyond a limit and for a counter that is no number.
 */
export interface Cache {
  /** False while a call would fail at once. */
  readonly isAvailable: boolean;
  /** Null when there is no such value, or no more. */
  get(key: string): Promise<string | null>;
  /** Keeps each entry, in the order given; not as one unit. */
  set(entries: readonly CacheEntry[]): Promise<void>;
  /** True when the value was not there and is now. */
  setIfAbsent(entry: CacheEntry): Promise<boolean>;
  /** True when there was a value. */
  delete(key: string): Promise<boolean>;
  /** Adds to a counter. The first addition starts its time; later ones do not lengthen it. */
  count(key: string, amount: number, ttlMs: number): Promise<CounterReading>;
  /** Sends each message to whoever listens now, in the order given. Nothing is kept. */
  publish(messages: readonly CacheMessage[]): Promise<void>;
  /** Resolves when the subscription stands. From then on it survives outages by itself. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** Ends every subscription and closes connections. */
  close(): Promise<void>;
}
