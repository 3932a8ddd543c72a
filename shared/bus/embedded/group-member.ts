// A member of a consumer group on the embedded log: renews its lease, reads the partitions it owns,
// lets go of those that others should have. The database decides who owns what; the epoch of an
// assignment fences commits, the lease keeps a stalled member from reading on.
import { isRetryableDatabaseError } from '../../db/failure.ts';
import type { Pool } from '../../db/pool.ts';
import { RetryableError } from '../../domain/failure.ts';
import type { GroupOptions } from '../bus.ts';
import type { BusLog } from '../bus-log.ts';
import { commitOffset, leaveGroup, releasePartition, renewMembership } from './group-store.ts';
import type { Membership } from './group-store.ts';
import type { Assignment } from './log-store.ts';
import { PartitionReader } from './partition-reader.ts';
import type { WakeListener } from './wake-listener.ts';

/** Renewals within one lease: two may fail before the membership is lost. */
const RENEWALS_PER_LEASE = 4;

export interface GroupMemberOptions {
  readonly pool: Pool;
  readonly wake: WakeListener;
  readonly log: BusLog;
  readonly membership: Membership;
  readonly group: GroupOptions;
}

interface Held {
  readonly assignment: Assignment;
  readonly reader: PartitionReader;
}

export class GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #held = new Map<string, Held>();
  readonly #retired = new Set<Promise<void>>();
  #leaseUntilMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | null = null;
  #renewAgain = false;
  #stopped = false;
  #unsubscribe: () => void = () => undefined;

  constructor(options: GroupMemberOptions) {
    this.#options = options;
  }

  /** Becomes a member; rejects when the database refuses or cannot be reached. */
  async join(): Promise<void> {
    const { group, wake, membership } = this.#options;
    await this.#renewOnce(group.initialOffset === 'latest');
    this.#unsubscribe = wake.onGroupChanged(membership.group, () => this.#renewSoon());
    this.#schedule();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    const { pool, membership, log } = this.#options;
    const readers = [...this.#held.values()].map((held) => held.reader.stop());
    await this.#renewing;
    await Promise.all([...readers, ...this.#retired]);
    this.#held.clear();
    await leaveGroup(pool, membership).catch((error: unknown) => {
      log.warn({ err: error, group: membership.group }, 'event log: left a group without a word');
    });
  }

  async commit(topic: string, partition: number, nextOffset: number): Promise<boolean> {
    const held = this.#held.get(`${topic}/${partition}`);
    if (held === undefined) return false;
    const { pool, membership } = this.#options;
    try {
      return await commitOffset(pool, membership, held.assignment, nextOffset);
    } catch (cause) {
      throw new RetryableError(`commit of ${topic}/${partition} failed`, { cause });
    }
  }

  #renewSoon(): void {
    this.#renewAgain = true;
    if (!this.#stopped && this.#renewing === null) this.#renew();
  }

  #schedule(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#renewSoon(),
      this.#options.membership.leaseMs / RENEWALS_PER_LEASE,
    );
  }

  #renew(): void {
    this.#renewAgain = false;
    this.#renewing = this.#renewOnce(false)
      .catch((error: unknown) => this.#renewalFailed(error))
      .finally(() => {
        this.#renewing = null;
        if (this.#renewAgain) this.#renewSoon();
        else this.#schedule();
      });
  }

  #renewalFailed(error: unknown): void {
    const { log, membership } = this.#options;
    if (isRetryableDatabaseError(error)) {
      log.warn({ err: error, group: membership.group }, 'event log: lease not renewed');
    } else {
      this.#fail(error);
    }
  }

  /** The member ends, so that another may do better. */
  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.#options.group.onError(error);
    // In the background: we are called from within what is to be stopped. It does not reject.
    void this.stop();
  }

  async #renewOnce(beginAtEnd: boolean): Promise<void> {
    const { pool, membership } = this.#options;
    // Counted from before the request: the database starts counting later.
    const askedAtMs = performance.now();
    const assignments = await renewMembership(pool, membership, beginAtEnd);
    this.#leaseUntilMs = askedAtMs + membership.leaseMs;
    if (this.#stopped) return;
    const kept = new Map(
      assignments
        .filter(({ keep }) => keep)
        .map((each) => [`${each.topic}/${each.partition}`, each]),
    );
    const lastCommits = this.#askLastCommits(assignments.filter(({ keep }) => !keep));
    for (const [key, held] of this.#held) {
      if (kept.get(key)?.epoch !== held.assignment.epoch) this.#revoke(key, held);
    }
    for (const [assignment, next] of lastCommits) {
      await commitOffset(pool, membership, assignment, next);
    }
    for (const [key, assignment] of kept) {
      if (!this.#held.has(key)) this.#take(key, assignment);
    }
    for (const assignment of assignments) {
      if (!assignment.keep) await releasePartition(pool, membership, assignment);
    }
  }

  #askLastCommits(leaving: readonly Assignment[]): Map<Assignment, number> {
    const { lastCommit } = this.#options.group;
    const commits = new Map<Assignment, number>();
    for (const assignment of leaving) {
      const { topic, partition, epoch } = assignment;
      const held = this.#held.get(`${topic}/${partition}`);
      const next = held?.assignment.epoch === epoch ? lastCommit?.(topic, partition) : null;
      if (next !== null && next !== undefined) commits.set(assignment, next);
    }
    return commits;
  }

  #revoke(key: string, { assignment, reader }: Held): void {
    this.#held.delete(key);
    // Work in flight may be held open by the consumer until it hears of the loss: nobody waits.
    const stopped = reader.stop();
    this.#retired.add(stopped);
    void stopped.finally(() => this.#retired.delete(stopped));
    this.#options.group.onRevoked?.(assignment.topic, assignment.partition);
  }

  #take(key: string, assignment: Assignment): void {
    const { pool, wake, log, group, membership } = this.#options;
    const reader = new PartitionReader({
      pool,
      wake,
      log,
      at: assignment,
      fromOffset: assignment.committedOffset ?? 0,
      batchMax: group.batchMax,
      onBatch: group.onBatch,
      onError: (error) => this.#fail(error),
      mayDeliver: () => performance.now() < this.#leaseUntilMs,
      onGap: (expectedOffset, foundOffset) => {
        if (assignment.committedOffset === null && expectedOffset === 0) return;
        log.error(
          { group: membership.group, topic: assignment.topic, expectedOffset, foundOffset },
          'event log: retention removed records before this group had read them',
        );
      },
    });
    this.#held.set(key, { assignment, reader });
  }
}
