// What `engine.executions` already holds while the command log is replayed. Each event the replay
// makes is compared with the recorded one: equal means it was published before the restart, missing
// means it must be published now, different means that the engine must not run.
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { IncomingRecord } from '../shared/bus/bus.ts';
import { TerminalError } from '../shared/domain/failure.ts';
import { EVENTS } from '../shared/events/catalog.ts';
import type { ExecutionEvent, Executions } from '../shared/events/executions.ts';
import type { LogReader } from './log-reader.ts';

/** Recorded events held while another market's are looked for. Beyond it an event that was not
 *  found counts as missing and is published again, which is harmless. */
const EVENTS_HELD_MAX = 500_000;

interface RecordedOutput {
  readonly market: string;
  readonly base: string;
  readonly quote: string;
  readonly feePolicy: string;
  readonly events: readonly { readonly sequence: number }[];
}

interface RecordedEvent {
  readonly facts: { readonly base: string; readonly quote: string; readonly feePolicy: string };
  readonly event: object;
}

class MarketRecord {
  /** Highest sequence that the replay has made. */
  replayed: number;
  /** Lowest and highest sequence found in the record. */
  lowest = Number.POSITIVE_INFINITY;
  highest = 0;
  readonly held = new Map<number, RecordedEvent>();

  constructor(replayed: number) {
    this.replayed = replayed;
  }
}

export interface RecordedOutputsOptions {
  readonly reader: LogReader;
  /** Retention has removed the beginning of the range: what is not there was published once. */
  readonly isTrimmed: boolean;
  /** Sequence of each market in the snapshot that the replay began from. */
  readonly sequences: ReadonlyMap<string, number>;
  readonly log: Logger;
}

export class RecordedOutputs {
  readonly #reader: LogReader;
  readonly #isTrimmed: boolean;
  readonly #sequences: ReadonlyMap<string, number>;
  readonly #log: Logger;
  readonly #markets = new Map<string, MarketRecord>();
  #held = 0;

  constructor(options: RecordedOutputsOptions) {
    this.#reader = options.reader;
    this.#isTrimmed = options.isTrimmed;
    this.#sequences = options.sequences;
    this.#log = options.log;
  }

  /** True when nothing recorded is left to compare with. */
  get isExhausted(): boolean {
    return this.#reader.isDone && this.#held === 0;
  }

  /**
   * Takes the next events of a market and answers those that are not in the record. Throws
   * TerminalError, naming market and sequence, at the first event that differs.
   */
  async takeMissing(output: Executions): Promise<ExecutionEvent[]> {
    const record = this.#marketRecord(output.market);
    const missing: ExecutionEvent[] = [];
    for (const event of output.events) {
      await this.#readUntil(record, event.sequence);
      const recorded = record.held.get(event.sequence);
      record.replayed = event.sequence;
      if (recorded === undefined) {
        const wasTrimmed = this.#isTrimmed && record.highest > 0 && event.sequence < record.lowest;
        if (!wasTrimmed) missing.push(event);
        continue;
      }
      record.held.delete(event.sequence);
      this.#held -= 1;
      assertEqual(output, event, recorded);
    }
    return missing;
  }

  /**
   * To be called when every command that was in the log at the start has been replayed. Throws
   * TerminalError when the record holds events that no command led to: then commands were lost.
   */
  async assertNothingBeyond(): Promise<void> {
    while (!this.#reader.isDone) await this.#readMore();
    for (const [market, record] of this.#markets) {
      if (record.held.size === 0) continue;
      const sequence = Math.min(...record.held.keys());
      throw new TerminalError(
        `${market} sequence ${sequence} is in engine.executions, but replaying all of ` +
          `orders.accepted ends at sequence ${record.replayed}: commands are missing from the log`,
      );
    }
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  async #readUntil(record: MarketRecord, sequence: number): Promise<void> {
    while (record.highest < sequence && !this.#reader.isDone && this.#held < EVENTS_HELD_MAX) {
      await this.#readMore();
    }
  }

  async #readMore(): Promise<void> {
    for (const record of await this.#reader.read()) this.#hold(record);
  }

  #hold(record: IncomingRecord): void {
    const outputs = parseRecorded(record);
    if (outputs === null) {
      this.#log.warn({ offset: record.offset }, 'a record of engine.executions is not readable');
      return;
    }
    for (const output of outputs) this.#holdOutput(output);
  }

  #holdOutput(recorded: RecordedOutput): void {
    const { base, quote, feePolicy } = recorded;
    const market = this.#marketRecord(recorded.market);
    for (const event of recorded.events) {
      market.lowest = Math.min(market.lowest, event.sequence);
      market.highest = Math.max(market.highest, event.sequence);
      // Repeats by a second engine: the first copy was compared, consumers compare the rest.
      if (event.sequence <= market.replayed || market.held.has(event.sequence)) continue;
      market.held.set(event.sequence, { facts: { base, quote, feePolicy }, event });
      this.#held += 1;
    }
  }

  #marketRecord(market: string): MarketRecord {
    const known = this.#markets.get(market);
    if (known !== undefined) return known;
    const made = new MarketRecord(this.#sequences.get(market) ?? 0);
    this.#markets.set(market, made);
    return made;
  }
}

function parseRecorded(record: IncomingRecord): readonly RecordedOutput[] | null {
  if (record.headers['ce_type'] !== EVENTS.executions.type) return null;
  try {
    const value: unknown = JSON.parse(record.value.toString('utf8'));
    if (typeof value !== 'object' || value === null || !('outputs' in value)) return null;
    const { outputs } = value;
    return Array.isArray(outputs) && outputs.every(isRecordedOutput) ? outputs : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** As much as is needed to find an event; everything else is compared, not interpreted. */
function isRecordedOutput(value: unknown): value is RecordedOutput {
  if (typeof value !== 'object' || value === null || !('events' in value)) return false;
  if (!('market' in value) || typeof value.market !== 'string') return false;
  const { events } = value;
  return Array.isArray(events) && events.every(hasSequence);
}

function hasSequence(event: unknown): boolean {
  if (typeof event !== 'object' || event === null || !('sequence' in event)) return false;
  return Number.isSafeInteger(event.sequence) && Number(event.sequence) > 0;
}

function assertEqual(output: Executions, event: ExecutionEvent, recorded: RecordedEvent): void {
  const { market, base, quote, feePolicy } = output;
  const replayed = { facts: { base, quote, feePolicy }, event };
  // Two engines of one build write the fields in one order: comparing texts is four times as fast.
  const text = JSON.stringify(replayed);
  const textRecorded = JSON.stringify(recorded);
  if (text === textRecorded || isDeepStrictEqual(replayed, recorded)) return;
  throw new TerminalError(
    `${market} sequence ${event.sequence} was published as ${textRecorded}, ` +
      `but replaying the command log makes ${text}`,
  );
}
