// What the engine recorded against what the log replays to: M3 event by event, M8 gapless, and the
// depth it told against the books (M7).
import type { DepthLine, Market } from '../oracle/naive-types.ts';
import type { Findings } from './findings.ts';
import { CONTINUOUS, type MarketStory, type Replay } from './replay.ts';
import { canonical, readExecutionRecord, type ExecutionRecord, type LogRecord } from './wire.ts';

type Outputs = readonly ExecutionRecord[];

/** How far the recorded executions of one market go. */
interface Progress {
  highest: number;
  /** First sequence that is still kept; what was before it has been trimmed. */
  readonly lowest: number;
  readonly levels: Map<string, DepthLine>;
}

export class ExecutionCheck {
  /** Records that could be read, and events in them, repeats included. */
  readonly counts = { records: 0, events: 0, repeats: 0, unreadable: 0 };
  readonly #markets = new Map<Market, Progress>();
  readonly #replay: Replay;
  readonly #findings: Findings;
  readonly #isTrimmed: boolean;
  /** The record that was asked for last, so that it is read once. */
  #asked: { readonly record: LogRecord; readonly read: Outputs | null } | null = null;

  /** `isTrimmed`: retention has removed the beginning of the recorded executions. */
  constructor(replay: Replay, findings: Findings, isTrimmed: boolean) {
    this.#replay = replay;
    this.#findings = findings;
    this.#isTrimmed = isTrimmed;
  }

  /** False when events of its markets must come before it, perhaps out of another partition. */
  isNext(record: LogRecord): boolean {
    const highest = new Map<Market, number>();
    for (const output of this.#read(record) ?? []) {
      const { market, firstSequence, lastSequence } = output;
      if (firstSequence > (highest.get(market) ?? this.recorded(market)) + 1) return false;
      highest.set(market, Math.max(lastSequence, this.recorded(market)));
    }
    return true;
  }

  check(record: LogRecord): void {
    const { offset } = record;
    const read = this.#read(record);
    if (read === null) {
      this.counts.unreadable += 1;
      this.#findings.violate('M3', 'a record of the executions cannot be read', { offset });
      return;
    }
    this.counts.records += 1;
    for (const output of read) this.#checkOutput(output, offset);
  }

  #checkOutput(read: ExecutionRecord, offset: number): void {
    const { market, firstSequence } = read;
    const progress = this.#markets.get(market) ?? {
      highest: this.#isTrimmed ? firstSequence - 1 : 0,
      lowest: this.#isTrimmed ? firstSequence : 1,
      levels: new Map<string, DepthLine>(),
    };
    this.#markets.set(market, progress);
    this.#checkSequences(read, progress, offset);
    const isNews = read.lastSequence > progress.highest;
    this.#checkEvents(read, progress, offset);
    if (isNews) this.#checkDepth(read, progress, offset);
  }

  /** Highest sequence that the engine has recorded for a market; unknown when all is trimmed. */
  recorded(market: Market): number {
    return this.#markets.get(market)?.highest ?? (this.#isTrimmed ? Infinity : 0);
  }

  /** The depth that was told last must be the book, once the engine has done all of the log. */
  finish(): void {
    for (const [market, { highest, levels, lowest }] of this.#markets) {
      const story = this.#replay.markets.get(market);
      if (story === undefined || story.events.length !== highest || lowest > 1) continue;
      const told = [...levels.values()].filter(([, , lots]) => lots > 0);
      const book = new Map(story.book.depth().map((line) => [levelName(line), line]));
      for (const line of [...told, ...book.values()]) {
        const [ours, theirs] = [book.get(levelName(line)), levels.get(levelName(line))];
        if (ours?.[2] === theirs?.[2]) continue;
        const problem = 'the depth that was told is not the book';
        this.#findings.violate('M7', problem, { market, book: ours ?? null, told: theirs ?? null });
      }
    }
  }

  #read(record: LogRecord): Outputs | null {
    if (this.#asked?.record !== record) {
      this.#asked = { record, read: readExecutionRecord(record) };
    }
    return this.#asked.read;
  }

  #checkSequences(read: ExecutionRecord, progress: Progress, offset: number): void {
    const { market, firstSequence, lastSequence, events } = read;
    const row = { market, offset, firstSequence, lastSequence };
    const isInOrder = events.every((event, at) => event.sequence === firstSequence + at);
    if (!isInOrder || firstSequence + events.length - 1 !== lastSequence) {
      this.#findings.violate('M8', 'the sequences of a record are not gapless', row);
    }
    if (firstSequence > progress.highest + 1) {
      const expected = progress.highest + 1;
      this.#findings.violate('M8', 'sequences are missing before a record', { ...row, expected });
    }
  }

  #checkEvents(read: ExecutionRecord, progress: Progress, offset: number): void {
    const { market } = read;
    const story = this.#replay.markets.get(market);
    for (const event of read.events) {
      const { sequence } = event;
      const isRepeat = sequence <= progress.highest;
      this.counts.events += 1;
      if (isRepeat) this.counts.repeats += 1;
      progress.highest = Math.max(progress.highest, sequence);
      const expected = story?.events[sequence - 1];
      const isEqual = expected !== undefined && canonical(event) === canonical(expected);
      if (isEqual && isMoneyEqual(read, story, sequence)) continue;
      const row = { market, sequence, offset, recorded: event, replayed: expected ?? null };
      if (isRepeat) this.#findings.violate('M8', 'a repeat is not identical', row);
      else this.#findings.violate('M3', 'an event is not what the log replays to', row);
    }
  }

  #checkDepth(read: ExecutionRecord, progress: Progress, offset: number): void {
    for (const line of read.depth) progress.levels.set(levelName(line), line);
    let bestBuy = 0;
    let bestSell = Infinity;
    for (const [name, [side, price, lots]] of progress.levels) {
      // A level that is gone need not be walked again.
      if (lots === 0) progress.levels.delete(name);
      else if (side === 'buy') bestBuy = Math.max(bestBuy, price);
      else bestSell = Math.min(bestSell, price);
    }
    if (bestBuy < bestSell) return;
    // A market that collects or stands may have a crossed book.
    const status = this.#replay.markets.get(read.market)?.statuses[read.lastSequence - 1];
    if (status !== undefined && !CONTINUOUS.includes(status)) return;
    const row = { market: read.market, offset, lastSequence: read.lastSequence, bestBuy, bestSell };
    this.#findings.violate('M7', 'the depth that was told is crossed', row);
  }
}

/** What a record says about money must be the market's configuration wherever it trades. */
function isMoneyEqual(read: ExecutionRecord, story: MarketStory | undefined, at: number): boolean {
  if (story?.events[at - 1]?.kind !== 'trade') return true;
  const config = story.configs[at - 1];
  const { base, quote, feePolicy } = read;
  return config?.base === base && config.quote === quote && config.feePolicy === feePolicy;
}

function levelName([side, price]: DepthLine): string {
  return `${side} ${price}`;
}
