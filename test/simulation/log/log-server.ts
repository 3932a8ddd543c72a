// The event log as the processes share it: partitions that only grow, waiting readers, and
// consumer groups whose partitions move when members come and go.
import type { IncomingRecord, OutgoingRecord } from '../../../shared/bus/bus.ts';
import type { SimulatedProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';

/** A reader that waits for more at the end of a partition. */
type Waiting = () => void;

export class Partition {
  readonly records: IncomingRecord[] = [];
  readonly waiting = new Set<Waiting>();
}

export interface Membership {
  readonly process: SimulatedProcess;
  readonly topics: readonly string[];
  /** Called, as if by a message, when the member's partitions have changed. */
  readonly onChanged: () => void;
}

/** Who owns a partition of a group; a new number fences the owner before. */
interface Ownership {
  member: Membership | null;
  epoch: number;
}

interface Group {
  readonly members: Set<Membership>;
  readonly owners: Map<string, Ownership>;
  /** Every commit that was ever made, by partition: some faults bring back an older one. */
  readonly commits: Map<string, number[]>;
}

export interface Assigned {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly from: number;
}

export class LogServer {
  /** Sees every record as it becomes durable. */
  onAppended: (record: IncomingRecord) => void = () => undefined;
  readonly #world: World;
  readonly #topics = new Map<string, Partition[]>();
  readonly #groups = new Map<string, Group>();

  constructor(world: World, topics: readonly { name: string; partitions: number }[]) {
    this.#world = world;
    for (const { name, partitions } of topics) {
      this.#topics.set(
        name,
        Array.from({ length: partitions }, () => new Partition()),
      );
    }
  }

  partitionsOf(topic: string): readonly Partition[] {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) throw new Error(`no topic ${topic}`);
    return partitions;
  }

  partition(topic: string, partition: number): Partition {
    const found = this.partitionsOf(topic)[partition];
    if (found === undefined) throw new Error(`no partition ${topic}/${partition}`);
    return found;
  }

  append(records: readonly OutgoingRecord[]): void {
    const woken = new Set<Partition>();
    for (const record of records) {
      const at = record.partition ?? 0;
      const partition = this.partition(record.topic, at);
      const { topic, key, headers, value } = record;
      const incoming: IncomingRecord = {
        topic,
        partition: at,
        offset: partition.records.length,
        key,
        headers,
        value,
        timestampMs: this.#world.wallMs,
      };
      partition.records.push(incoming);
      this.#world.note(`append ${topic}/${at} ${incoming.offset} ${value.toString('utf8')}`);
      this.onAppended(incoming);
      woken.add(partition);
    }
    for (const partition of woken) {
      for (const wake of partition.waiting) wake();
      partition.waiting.clear();
    }
  }

  join(name: string, member: Membership): void {
    this.#group(name).members.add(member);
    this.rebalance(name, false);
  }

  leave(name: string, member: Membership): void {
    if (this.#group(name).members.delete(member)) this.rebalance(name, false);
  }

  /** Shares the partitions anew. When `forced`, even an owner that stays loses and regains its. */
  rebalance(name: string, forced: boolean): void {
    const group = this.#group(name);
    const members = [...group.members];
    for (const topic of new Set(members.flatMap((member) => member.topics))) {
      this.partitionsOf(topic).forEach((_, partition) => {
        const key = `${topic}/${partition}`;
        const owner = group.owners.get(key) ?? { member: null, epoch: 0 };
        group.owners.set(key, owner);
        const stays = owner.member !== null && group.members.has(owner.member) && !forced;
        if (stays) return;
        owner.member = this.#world.random.pick(members) ?? null;
        owner.epoch += 1;
      });
    }
    for (const member of members) member.onChanged();
  }

  assignments(name: string, member: Membership): Assigned[] {
    const group = this.#group(name);
    const assigned: Assigned[] = [];
    for (const [key, owner] of group.owners) {
      if (owner.member !== member) continue;
      const at = key.lastIndexOf('/');
      const from = group.commits.get(key)?.at(-1) ?? 0;
      const topic = key.slice(0, at);
      assigned.push({ topic, partition: Number(key.slice(at + 1)), epoch: owner.epoch, from });
    }
    return assigned;
  }

  /** False when the partition is no longer the member's. */
  commit(name: string, member: Membership, at: Omit<Assigned, 'from'>, next: number): boolean {
    const group = this.#group(name);
    const key = `${at.topic}/${at.partition}`;
    const owner = group.owners.get(key);
    if (owner?.member !== member || owner.epoch !== at.epoch) return false;
    const commits = group.commits.get(key) ?? [];
    commits.push(next);
    group.commits.set(key, commits);
    return true;
  }

  committed(name: string, topic: string, partition: number): number {
    return this.#group(name).commits.get(`${topic}/${partition}`)?.at(-1) ?? 0;
  }

  /** Forgets the newest commits of a group, as a coordinator does that lost its log's tail. */
  loseCommits(name: string): boolean {
    let hasLost = false;
    for (const commits of this.#group(name).commits.values()) {
      const lost = this.#world.random.between(1, 3);
      if (commits.splice(Math.max(0, commits.length - lost)).length > 0) hasLost = true;
    }
    return hasLost;
  }

  groupNames(): string[] {
    return [...this.#groups.keys()];
  }

  #group(name: string): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const made: Group = { members: new Set(), owners: new Map(), commits: new Map() };
    this.#groups.set(name, made);
    return made;
  }
}
