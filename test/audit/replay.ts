// Replays the command log through the naive book and keeps, by market and by order, what must have
// followed from it. All other checks compare what the exchange says with this.
import { createHash } from 'node:crypto';
import type { NaiveBook } from '../oracle/naive-book.ts';
import { NaiveShard } from '../oracle/naive-shard.ts';
import { findUnsound } from '../oracle/naive-soundness.ts';
import type { Execution } from '../oracle/naive-events.ts';
import type { Market, MarketConfig, Place } from '../oracle/naive-types.ts';
import type { Findings } from './findings.ts';
import { isWaiting, lostToOwner, OrderStories, type OrderStory } from './order-stories.ts';
import { ShardMoves } from './shard-moves.ts';
import {
  canonical,
  readCommandRecord,
  TAKEN_OVER_TYPE,
  type CommandBatch,
  type LogRecord,
} from './wire.ts';

/** Statuses in which a market matches orders as they come; in others its book may be crossed. */
export const CONTINUOUS: readonly string[] = ['trading', 'limit_only', 'post_only'];

/** The whole book is walked this often; its best prices are looked at after every command. */
const COMMANDS_BETWEEN_WALKS = 512;

/** All events of one market: `events[n]` has sequence n + 1. */
export interface MarketStory {
  readonly market: Market;
  readonly book: NaiveBook;
  readonly events: Execution[];
  /** The configuration that each event happened under. */
  readonly configs: (MarketConfig | null)[];
  /** The status that the market had from each event on. */
  readonly statuses: MarketBookStatus[];
}

type MarketBookStatus = NaiveBook['status'];

export interface ReplayCounts {
  records: number;
  commands: number;
  repeats: number;
  poison: number;
  pending: number;
}

export class Replay {
  readonly orders = new OrderStories();
  readonly markets = new Map<Market, MarketStory>();
  readonly counts: ReplayCounts = { records: 0, commands: 0, repeats: 0, poison: 0, pending: 0 };
  readonly #shards = new Map<number, NaiveShard>();
  readonly moves: ShardMoves;
  readonly #contents = new Map<number, string>();
  /** Commands that came to a shard which their market had left, and were done nowhere yet. */
  readonly #strays = new Map<number, object>();
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
    this.moves = new ShardMoves(findings);
  }

  /** False for a record that follows from one of another partition which was not applied yet. */
  canApply(record: LogRecord): boolean {
    if (record.headers['ce_type'] !== TAKEN_OVER_TYPE) return true;
    const read = readCommandRecord(record);
    return read.kind !== 'taken_over' || this.moves.isHandedOver(read.piece);
  }

  /** Replays one record of the command log; records of a partition come in offset order. */
  apply(record: LogRecord): void {
    this.counts.records += 1;
    const shard = this.#shard(record.partition);
    const read = readCommandRecord(record);
    if (read.kind === 'poison') {
      this.counts.poison += 1;
    } else if (read.kind === 'tick') {
      for (const [market, events] of shard.tick(read.timeMs)) {
        const story = this.#story(shard, market);
        this.#keep(story, events, story.book.config);
      }
    } else if (read.kind === 'handed_over') {
      this.moves.handOver(record.partition, shard, read.move);
    } else if (read.kind === 'taken_over') {
      this.moves.takePiece(record.partition, shard, read.piece);
    } else if (this.moves.isAway(record.partition, shard, read.market)) {
      this.#setAside(read, record);
    } else {
      this.#applyBatch(shard, read, record.offset);
    }
  }

  /** Takes a batch that is committed but not yet in the log: accepted, without consequences yet. */
  accept(batch: CommandBatch): void {
    for (const command of batch.commands) {
      const isNew = this.#isNew(batch.market, command.number, command, { outbox: true });
      if (!isNew) continue;
      this.counts.pending += 1;
      this.orders.accept(batch.market, command, true);
    }
  }

  /** Hashes of the shard's books as they are now, by market. */
  stateHashes(partition: number): Map<Market, string> {
    const books = [...this.#shard(partition).books.values()];
    return new Map(books.map((book) => [book.market, sha256(book.stateText())]));
  }

  /** The shard whose books the market is on; null while it is between two. */
  shardOf(market: Market): number | null {
    for (const [partition, { books }] of this.#shards) if (books.has(market)) return partition;
    return null;
  }

  /** Every placed order ended exactly once, or rests or waits (M1), and adds up (M6). */
  finish(): void {
    for (const { book, market } of this.markets.values()) {
      const problem = findUnsound(book);
      if (problem !== null) this.#findings.violate('M7', problem, { market });
    }
    for (const story of this.orders.all()) this.#checkStory(story);
    for (const stray of this.#strays.values()) {
      const problem = 'a command came to a shard that its market had left, and was never done';
      this.#findings.violate('M1', problem, { ...stray });
    }
  }

  restingOf(story: OrderStory): ReturnType<NaiveBook['find']> {
    return this.markets.get(story.market)?.book.find(story.number) ?? null;
  }

  /** A repeat that comes late is none the worse for it; what is new must be done elsewhere. */
  #setAside({ market, commands }: CommandBatch, { partition, offset }: LogRecord): void {
    for (const command of commands) {
      this.counts.commands += 1;
      const { number } = command;
      if (this.#contents.has(number)) this.counts.repeats += 1;
      else this.#strays.set(number, { number, market, partition, offset });
    }
  }

  #applyBatch(shard: NaiveShard, batch: CommandBatch, offset: number): void {
    const story = this.#story(shard, batch.market);
    for (const command of batch.commands) {
      if (this.#isNew(batch.market, command.number, command, { offset })) {
        this.orders.accept(batch.market, command, false);
        this.#strays.delete(command.number);
      } else {
        this.counts.repeats += 1;
      }
      const before = story.book.config;
      this.#keep(story, shard.apply(batch.market, command), before);
      this.counts.commands += 1;
      this.#checkBook(story, command.number);
    }
  }

  /** Knows a command by its number; the same number must always come with the same content. */
  #isNew(market: Market, number: number, command: unknown, where: object): boolean {
    const content = sha256(`${market} ${canonical(command)}`);
    const known = this.#contents.get(number);
    if (known !== undefined && known !== content) {
      const problem = 'a command number was used for two different commands';
      this.#findings.violate('M1', problem, { number, market, ...where, command });
    }
    this.#contents.set(number, known ?? content);
    return known === undefined;
  }

  /** What the book did last, since it had the configuration `before`. */
  #keep(story: MarketStory, events: readonly Execution[], before: MarketConfig | null): void {
    let config = before;
    let status = story.statuses.at(-1) ?? 'none';
    for (const event of events) {
      if (event.kind === 'configured') config = story.book.config;
      const problem = findIdleEvent(event, status);
      if (problem !== null) {
        this.#findings.violate('M7', problem, { market: story.market, status, event });
      }
      if (event.kind === 'configured' || event.kind === 'phase_changed') status = event.status;
      story.events.push(event);
      story.configs.push(config);
      story.statuses.push(status);
      this.orders.note(story.market, event);
    }
  }

  #checkBook(story: MarketStory, number: number): void {
    const { book, market } = story;
    const [buy, sell] = [book.buys[0], book.sells[0]];
    const isCrossed = buy !== undefined && sell !== undefined && buy.limit >= sell.limit;
    const isWalked = this.counts.commands % COMMANDS_BETWEEN_WALKS === 0;
    if (!isCrossed && !isWalked) return;
    const problem = findUnsound(book);
    if (problem !== null) this.#findings.violate('M7', problem, { market, number });
  }

  #checkStory(story: OrderStory): void {
    if (story.isPending) return;
    const row = { orderNumber: story.number, market: story.market };
    const resting = this.restingOf(story);
    const waits = isWaiting(story);
    const isOpen = resting !== null || waits;
    if (story.ends.length + (isOpen ? 1 : 0) !== 1) {
      const problem = 'an accepted order is neither open nor ended once';
      this.#findings.violate('M1', problem, { ...row, ends: story.ends.length, isOpen });
      return;
    }
    this.#checkPrevented(story);
    const open = waits ? story.quantityLots : (resting?.remaining ?? story.cancelledLots);
    const sum = story.filledLots + story.preventedLots + open;
    if (sum !== story.quantityLots) {
      const { quantityLots, filledLots, preventedLots } = story;
      const problem = 'the parts of an order do not add up';
      this.#findings.violate('M6', problem, {
        ...row,
        quantityLots,
        filledLots,
        preventedLots,
        open,
      });
    }
  }

  /** `prevented` says in one event what the ends and reductions say of each order. */
  #checkPrevented(story: OrderStory): void {
    const [told, lost] = [story.toldPreventedLots, lostToOwner(story)];
    if (told === lost) return;
    const problem = 'what was prevented is not what the order lost by it';
    const row = { orderNumber: story.number, market: story.market, told, lost };
    this.#findings.violate('M6', problem, row);
  }

  #story(shard: NaiveShard, market: Market): MarketStory {
    let story = this.markets.get(market);
    if (story === undefined) {
      story = { market, book: shard.book(market), events: [], configs: [], statuses: [] };
      this.markets.set(market, story);
    }
    return story;
  }

  #shard(partition: number): NaiveShard {
    const shard = this.#shards.get(partition) ?? new NaiveShard();
    this.#shards.set(partition, shard);
    return shard;
  }
}

/** What may not happen in a market that does not match at once, or does not hold an auction. */
export function findIdleEvent(event: Execution, status: MarketBookStatus): string | null {
  const isMatching = CONTINUOUS.includes(status);
  const isTrade = event.kind === 'trade' || event.kind === 'uncrossed';
  if (isTrade && !isMatching) return 'a market traded while it must not';
  if (event.kind === 'triggered' && !isMatching) return 'an order was triggered while it must not';
  if (event.kind === 'indicative' && status !== 'auction') return 'an auction that is none told';
  return null;
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export type { Place };
