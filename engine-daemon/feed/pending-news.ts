// What the feed has not told yet, bounded: changes of one level become one, and what is too much is
// dropped in a way that readers notice, because the next message begins after it.
import type { OutgoingRecord } from '../../shared/bus/bus.ts';
import type { CacheMessage } from '../../shared/cache/cache.ts';
import type { MarketId } from '../../shared/domain/ids.ts';
import type { DepthChange, Executions, TradeEvent } from '../../shared/events/executions.ts';
import { depthChannel, outcomesChannel, tradesChannel } from '../../shared/feed/feed-channels.ts';
import type { DepthMessage, FeedTrade, TradesMessage } from '../../shared/feed/feed-messages.ts';
import type { DurableOutput } from '../durable-output.ts';

/** Levels of one market that wait to be told. */
export const LEVELS_PENDING_MAX = 5_000;
export const TRADES_PENDING_MAX = 1_000;
/** Bytes of records for those who wait for outcomes. */
export const OUTCOME_BYTES_PENDING_MAX = 2_097_152;
/** Markets told of in one push: with two messages each it stays one call of the cache. */
export const MARKETS_PER_PUSH_MAX = 200;
export const OUTCOMES_PER_PUSH_MAX = 300;
/** After so much the rest waits for the next push: a call of the cache has a limit. */
const PUSH_BYTES_MAX = 4_194_304;

/** What was dropped since it was last asked. */
export interface Dropped {
  levels: number;
  trades: number;
  outcomes: number;
}

/** One market, for as long as the engine runs: what was told of it and what was not. */
class MarketNews {
  readonly market: MarketId;
  sequence: number;
  /** The next message of a kind begins here: where the last one ended, or was given up. */
  private levelsAfter: number;
  private tradesAfter: number;
  private timeMs = 0;
  private readonly buys = new Map<number, DepthChange>();
  private readonly sells = new Map<number, DepthChange>();
  private trades: FeedTrade[] = [];

  constructor(market: MarketId, after: number) {
    this.market = market;
    this.levelsAfter = after;
    this.tradesAfter = after;
    this.sequence = after;
  }

  add(output: Executions): void {
    this.sequence = output.lastSequence;
    this.timeMs = output.events.at(-1)?.timeMs ?? 0;
    for (const event of output.events) {
      if (event.kind === 'trade') this.trades.push(tradeOf(event));
    }
    for (const level of output.depth) {
      (level[0] === 'buy' ? this.buys : this.sells).set(level[1], level);
    }
  }

  takeMessages(): CacheMessage[] {
    const { market, sequence, timeMs, trades, levelsAfter, tradesAfter } = this;
    const told: CacheMessage[] = [];
    if (this.levels > 0) {
      const levels = [...this.buys.values(), ...this.sells.values()];
      const message: DepthMessage = { market, after: levelsAfter, sequence, timeMs, levels };
      told.push({ channel: depthChannel(market), text: JSON.stringify(message) });
      this.giveUpLevels();
    }
    if (trades.length > 0) {
      const message: TradesMessage = { market, after: tradesAfter, sequence, timeMs, trades };
      told.push({ channel: tradesChannel(market), text: JSON.stringify(message) });
      this.giveUpTrades();
    }
    return told;
  }

  /** Answers how many levels and trades beyond the limits were given up. */
  giveUpExcess(): Pick<Dropped, 'levels' | 'trades'> {
    return {
      levels: this.levels > LEVELS_PENDING_MAX ? this.giveUpLevels() : 0,
      trades: this.trades.length > TRADES_PENDING_MAX ? this.giveUpTrades() : 0,
    };
  }

  giveUpAll(): Pick<Dropped, 'levels' | 'trades'> {
    return { levels: this.giveUpLevels(), trades: this.giveUpTrades() };
  }

  private get levels(): number {
    return this.buys.size + this.sells.size;
  }

  private giveUpLevels(): number {
    const { levels } = this;
    this.buys.clear();
    this.sells.clear();
    this.levelsAfter = this.sequence;
    return levels;
  }

  private giveUpTrades(): number {
    const { length } = this.trades;
    this.trades = [];
    this.tradesAfter = this.sequence;
    return length;
  }
}

export class PendingNews {
  readonly dropped: Dropped = { levels: 0, trades: 0, outcomes: 0 };
  readonly #channel: string;
  readonly #markets = new Map<MarketId, MarketNews>();
  readonly #untold = new Set<MarketNews>();
  #outcomes: Buffer[] = [];
  #outcomeBytes = 0;

  constructor(shard: number) {
    this.#channel = outcomesChannel(shard);
  }

  get isEmpty(): boolean {
    return this.#untold.size === 0 && this.#outcomes.length === 0;
  }

  add({ outputs, records }: DurableOutput): void {
    for (const output of outputs) this.#addNews(output);
    this.#addOutcomes(records);
  }

  #addNews(output: Executions): void {
    const news = this.#newsOf(output.market, output.firstSequence - 1);
    if (news.sequence !== output.firstSequence - 1) {
      // What lies between was told by an engine before us, or never: readers must see a gap.
      news.sequence = output.firstSequence - 1;
      this.#countDropped(news.giveUpAll());
    }
    news.add(output);
    this.#countDropped(news.giveUpExcess());
    this.#untold.add(news);
  }

  /** Takes the next messages out; none when there is nothing to tell. */
  take(): CacheMessage[] {
    // First what somebody waits for.
    const outcomes = this.#outcomes.splice(0, OUTCOMES_PER_PUSH_MAX);
    for (const text of outcomes) this.#outcomeBytes -= text.byteLength;
    const messages: CacheMessage[] = outcomes.map((text) => ({ channel: this.#channel, text }));
    let markets = 0;
    let bytes = 0;
    for (const news of this.#untold) {
      if (markets === MARKETS_PER_PUSH_MAX || bytes > PUSH_BYTES_MAX) break;
      const told = news.takeMessages();
      markets += 1;
      for (const { text } of told) bytes += text.length;
      messages.push(...told);
      this.#untold.delete(news);
    }
    return messages;
  }

  /** Gives up all that waits. */
  giveUpAll(): void {
    for (const news of this.#untold) this.#countDropped(news.giveUpAll());
    this.#untold.clear();
    this.dropped.outcomes += this.#outcomes.length;
    this.#outcomes = [];
    this.#outcomeBytes = 0;
  }

  /** All records of a batch or none: half of one would be taken for a whole outcome. */
  #addOutcomes(records: readonly OutgoingRecord[]): void {
    let bytes = 0;
    for (const { value } of records) bytes += value.byteLength;
    if (this.#outcomeBytes + bytes > OUTCOME_BYTES_PENDING_MAX) {
      this.dropped.outcomes += records.length;
      return;
    }
    this.#outcomeBytes += bytes;
    for (const { value } of records) this.#outcomes.push(value);
  }

  #newsOf(market: MarketId, after: number): MarketNews {
    const news = this.#markets.get(market) ?? new MarketNews(market, after);
    this.#markets.set(market, news);
    return news;
  }

  #countDropped({ levels, trades }: Pick<Dropped, 'levels' | 'trades'>): void {
    this.dropped.levels += levels;
    this.dropped.trades += trades;
  }
}

function tradeOf(event: TradeEvent): FeedTrade {
  const { sequence, timeMs, priceTicks, quantityLots, baseMinor, quoteMinor, takerSide } = event;
  return { sequence, timeMs, priceTicks, quantityLots, baseMinor, quoteMinor, takerSide };
}
