// One LISTEN connection a process: tells readers that a partition has grown and members that their
// group has changed. It only saves time; a reader that hears nothing polls, so losing it loses
// nothing.
import type pg from 'pg';
import { createClient } from '../../db/pool.ts';
import type { BusLog } from '../bus-log.ts';
import { backoffMs, waitMs } from '../wait.ts';

const RECORDS_CHANNEL = 'bourse_log';
const GROUPS_CHANNEL = 'bourse_log_groups';
const RECONNECT_FIRST_MS = 50;
const RECONNECT_MAX_MS = 2_000;
/** On a quiet day nothing is heard for hours: without asking, a dead link sounds the same. */
const HEARTBEAT_MS = 5_000;
const END_MS = 1_000;

export interface WakeListenerOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly log: BusLog;
  /** Topics or partitions were added. */
  readonly onTopicsChanged: () => void;
}

export class WakeListener {
  readonly #options: WakeListenerOptions;
  readonly #stop = new AbortController();
  readonly #nextOffsets = new Map<string, number>();
  readonly #sleepers = new Map<string, Set<() => void>>();
  readonly #groups = new Map<string, Set<() => void>>();
  #running: Promise<void> | null = null;

  constructor(options: WakeListenerOptions) {
    this.#options = options;
  }

  /** Connects in the background, again whenever the connection is lost. */
  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /**
   * Resolves when the partition is known to have a record at `offset`, when something happened
   * that makes looking worth while, after `timeoutMs`, or when the signal is aborted.
   */
  async waitForRecord(
    topicId: number,
    partition: number,
    offset: number,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted || this.hasGrownBeyond(topicId, partition, offset)) return;
    const key = `${topicId}/${partition}`;
    const sleepers = this.#sleepers.get(key) ?? new Set();
    this.#sleepers.set(key, sleepers);
    await new Promise<void>((done) => {
      const wake = (): void => {
        clearTimeout(timer);
        sleepers.delete(wake);
        signal.removeEventListener('abort', wake);
        done();
      };
      const timer = setTimeout(wake, timeoutMs);
      sleepers.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** True when an append was heard of that gave out this offset. */
  hasGrownBeyond(topicId: number, partition: number, offset: number): boolean {
    return (this.#nextOffsets.get(`${topicId}/${partition}`) ?? 0) > offset;
  }

  /** Calls back when members of the group should look; answers the way to end that. */
  onGroupChanged(group: string, callback: () => void): () => void {
    const callbacks = this.#groups.get(group) ?? new Set();
    this.#groups.set(group, callbacks.add(callback));
    return () => callbacks.delete(callback);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      const client = createClient(this.#options.url, this.#options.applicationName);
      try {
        await this.#listen(client, () => (failures = 0));
      } catch (error) {
        this.#options.log.warn({ err: error }, 'event log: notifications lost, polling meanwhile');
      }
      // Where packets vanish, so does the goodbye.
      await Promise.race([client.end().catch(() => undefined), waitMs(END_MS, this.#stop.signal)]);
      await waitMs(backoffMs(failures++, RECONNECT_FIRST_MS, RECONNECT_MAX_MS), this.#stop.signal);
    }
  }

  /** Resolves when stopped, rejects when the connection is lost. */
  async #listen(client: pg.Client, onConnected: () => void): Promise<void> {
    const stopped = this.#stop.signal;
    let beat: NodeJS.Timeout | undefined;
    const listening = new Promise<void>((done, fail) => {
      client.on('error', fail);
      client.on('end', () => fail(new Error('the connection ended')));
      client.on('notification', (message) => this.#receive(message.channel, message.payload));
      stopped.addEventListener('abort', () => done(), { once: true });
      client
        .connect()
        .then(() => client.query(`LISTEN ${RECORDS_CHANNEL}; LISTEN ${GROUPS_CHANNEL}`))
        .then(() => {
          onConnected();
          beat = setInterval(() => {
            client.query('SELECT 1').catch(fail);
          }, HEARTBEAT_MS);
          // What was appended while nobody listened is found by looking.
          this.#wakeEverybody();
        })
        .catch(fail);
    });
    try {
      await listening;
    } finally {
      clearInterval(beat);
    }
  }

  #receive(channel: string, payload = ''): void {
    if (channel === GROUPS_CHANNEL) {
      for (const callback of this.#groups.get(payload) ?? []) callback();
    } else if (payload === '*') {
      this.#options.onTopicsChanged();
      this.#wakeEverybody();
    } else {
      for (const news of payload.split(' ')) this.#receiveGrowth(news);
    }
  }

  #receiveGrowth(news: string): void {
    const [topicId = '', partition = '', next = ''] = news.split('/');
    const key = `${topicId}/${partition}`;
    this.#nextOffsets.set(key, Math.max(this.#nextOffsets.get(key) ?? 0, Number(next)));
    for (const wake of this.#sleepers.get(key) ?? []) wake();
  }

  #wakeEverybody(): void {
    for (const sleepers of this.#sleepers.values()) for (const wake of sleepers) wake();
    for (const callbacks of this.#groups.values()) for (const callback of callbacks) callback();
  }
}
