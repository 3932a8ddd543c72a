// Input log -> core -> output, one batch at a time: the commands of a batch are matched, what they
// led to is published, and only when that is durable is the next batch looked at. Under load, what
// arrives meanwhile becomes the next batch: grouping comes by itself.
import type { Logger } from 'pino';
import { crashPoint } from '../shared/config/crash-point.ts';
import type { Bus, IncomingRecord, OutgoingRecord } from '../shared/bus/bus.ts';
import { assert } from '../shared/domain/failure.ts';
import type { Executions } from '../shared/events/executions.ts';
import { applyRecord } from './apply-record.ts';
import { deadLetter } from './dead-letter.ts';
import type { DurableOutput } from './durable-output.ts';
import { executionRecords, withEvents } from './execution-records.ts';
import type { MarketMoves } from './market-moves.ts';
import type { EngineMetrics } from './metrics.ts';
import { publishUntilDone } from './publish.ts';
import type { RecordedOutputs } from './recorded-outputs.ts';
import type { ShardBatch } from './shard-batch.ts';

/** Events after which a batch is published in parts, so that memory stays bounded. */
const EVENTS_PER_PUBLISH_MAX = 4_000;

export interface ShardLoopOptions {
  readonly bus: Bus;
  readonly batch: ShardBatch;
  readonly moves: MarketMoves;
  readonly shard: number;
  readonly metrics: EngineMetrics;
  readonly log: Logger;
  /** Gives up waiting for a publish that does not succeed. */
  readonly abandon: AbortSignal;
  /** Where the state came from: the last record that is in it, -1 for none. */
  readonly inputOffset: number;
  /** That record, where it is at hand. */
  readonly lastRecord: IncomingRecord | null;
  readonly recorded: RecordedOutputs;
  /** Hears of what has become durable; must neither wait nor throw. */
  readonly onDurable?: (durable: DurableOutput) => void;
}

export class ShardLoop {
  /** Offset of the last record whose effects are applied; -1 before the first. */
  inputOffset: number;
  /** Offset of the last record whose effects are published, too. */
  doneOffset: number;
  /** The record at `inputOffset`, where it is at hand. */
  lastRecord: IncomingRecord | null;
  /** Counts up for ever; the snapshots look at the difference. */
  commandsApplied = 0;
  /** A batch has begun and is not published: the state is ahead of `inputOffset`. */
  isMidBatch = false;
  readonly #options: ShardLoopOptions;
  #recorded: RecordedOutputs | null;
  /** States of markets that have left, for their new shards. */
  #leaving: OutgoingRecord[] = [];

  constructor(options: ShardLoopOptions) {
    this.#options = options;
    this.inputOffset = options.inputOffset;
    this.doneOffset = options.inputOffset;
    this.lastRecord = options.lastRecord;
    this.#recorded = options.recorded;
  }

  /** Applies records in offset order. Never called again before it resolves. */
  async takeBatch(records: readonly IncomingRecord[]): Promise<void> {
    const { metrics, batch } = this.#options;
    assert(!this.isMidBatch, 'a batch begins after the one before is published');
    this.isMidBatch = true;
    const commandsBefore = this.commandsApplied;
    let applyMs = 0;
    let deadLetters: OutgoingRecord[] = [];
    for (const record of records) {
      assert(record.offset > this.inputOffset, `offset ${record.offset} was applied before`);
      const startedMs = performance.now();
      const letter = this.#apply(record);
      applyMs += performance.now() - startedMs;
      if (letter !== null) deadLetters.push(letter);
      this.inputOffset = record.offset;
      this.lastRecord = record;
      if (batch.eventsPending + deadLetters.length >= EVENTS_PER_PUBLISH_MAX) {
        await this.#publish(deadLetters);
        deadLetters = [];
      }
    }
    await this.#publish(deadLetters);
    this.isMidBatch = false;
    this.doneOffset = this.inputOffset;
    metrics.records.add(records.length);
    const commands = this.commandsApplied - commandsBefore;
    metrics.commands.add(commands);
    metrics.batchCommands.observe(commands);
    metrics.applySeconds.observe(applyMs / 1_000);
    if (commands > 0) metrics.commandSeconds.observe(applyMs / 1_000 / commands);
  }

  /**
   * Every command that was in the log at the start has been replayed: from here on all is new.
   * Throws TerminalError when the outputs hold more than the commands lead to.
   */
  async finishReplay(): Promise<void> {
    await this.#recorded?.assertNothingBeyond();
    await this.#recorded?.close();
    this.#recorded = null;
  }

  /** Stops comparing before the replay is finished; a batch that waits for it is given up. */
  async dropReplay(): Promise<void> {
    await this.#recorded?.close();
  }

  /** Answers a dead letter for what cannot be done. */
  #apply(record: IncomingRecord): OutgoingRecord | null {
    const { commands, refusal, leaving } = applyRecord(this.#options, record);
    this.commandsApplied += commands;
    this.#leaving.push(...leaving);
    return refusal === null ? null : this.#setAside(record, refusal);
  }

  #setAside(record: IncomingRecord, cause: string): OutgoingRecord {
    const { log, metrics, shard } = this.#options;
    log.error({ offset: record.offset, cause }, 'a record cannot be carried out');
    metrics.deadLetters.add();
    return deadLetter(record, shard, cause);
  }

  async #publish(deadLetters: readonly OutgoingRecord[]): Promise<void> {
    const { abandon, batch, bus, log, metrics, onDurable, shard } = this.#options;
    const outputs: Executions[] = [];
    for (const made of batch.takeOutputs()) {
      metrics.events.add(made.events.length);
      const output = this.#recorded === null ? made : await keepMissing(made, this.#recorded);
      if (output !== null) outputs.push(output);
    }
    const executions = executionRecords(outputs, shard);
    const records = [...deadLetters, ...executions];
    const retrying = { signal: abandon, log, onRetry: () => metrics.publishRetries.add() };
    if (records.length > 0) {
      const startedMs = performance.now();
      crashPoint('engine.batch.applied');
      await publishUntilDone(bus, records, retrying);
      crashPoint('engine.batch.published');
      metrics.publishSeconds.observe((performance.now() - startedMs) / 1_000);
      onDurable?.({ outputs, records: executions });
    }
    if (this.#leaving.length === 0) return;
    // After what the market did here, so that its sequence goes on in the order of time.
    crashPoint('engine.hand-over.before-publish');
    await publishUntilDone(bus, this.#leaving, retrying);
    crashPoint('engine.hand-over.after-publish');
    this.#leaving = [];
  }
}

/** What of an output is not in the log yet; null when all of it is. */
async function keepMissing(
  made: Executions,
  recorded: RecordedOutputs,
): Promise<Executions | null> {
  const missing = await recorded.takeMissing(made);
  const [first] = missing;
  if (first === undefined) return null;
  // Outputs are published in order, so what is missing is an end. All levels go with it: in a piece
  // that repeats what is known nobody would look at them. If it is no end, the record was damaged:
  // publishing all of the output again is harmless and heals it.
  const isEnd = made.lastSequence - first.sequence === missing.length - 1;
  return isEnd ? withEvents(made, missing) : made;
}
