// Drives the engine and the naive book side by side and compares them after every command.
import { strict as assert } from 'node:assert';
import { CommandMaker, type Step } from './command-maker.ts';
import type { Spec } from './command-specs.ts';
import { contextOf } from './coverage-acts.ts';
import type { Coverage } from './coverage.ts';
import { variantOf } from './market-variants.ts';
import type { NaiveBook } from './naive-book.ts';
import { NaiveShard } from './naive-shard.ts';
import type { Execution } from './naive-events.ts';
import { findUnsound } from './naive-soundness.ts';
import type { DepthLine, Market, MarketCommand } from './naive-types.ts';

/** What the twin needs of an engine. Events are those of one call, plain objects as on the wire. */
export interface Subject {
  apply(market: Market, command: MarketCommand): SubjectOutput;
  /** Output by market. */
  tick(timeMs: number): ReadonlyMap<Market, SubjectOutput>;
  stateText(market: Market): string;
  /** Writes a snapshot and goes on from what is read back out of it. */
  restore(): void;
}

export interface SubjectOutput {
  readonly events: readonly unknown[];
  readonly depth: readonly DepthLine[];
}

export interface TwinRun {
  readonly steps: readonly Step[];
  /** The engine's events as JSON. */
  readonly lines: readonly string[];
}

/** Runs the specs through the engine and the naive book. Throws at the first difference. */
export function runTwins(subject: Subject, specs: readonly Spec[], coverage: Coverage): TwinRun {
  const twins = new Twins(subject, coverage);
  const maker = new CommandMaker(twins.oracle);
  const steps: Step[] = [];
  for (const step of generate(specs, maker)) {
    steps.push(step);
    twins.do(step);
  }
  return { steps, lines: twins.lines };
}

/** Runs steps through an engine alone, without snapshots, and answers its events as JSON. */
export function runAlone(subject: Subject, steps: readonly Step[]): string[] {
  const lines: string[] = [];
  for (const step of steps) {
    if (step.kind === 'command') {
      lines.push(...jsonLines(step.market, subject.apply(step.market, step.command)));
    } else if (step.kind === 'tick') {
      const outputs = subject.tick(step.timeMs);
      for (const [market, output] of outputs) lines.push(...jsonLines(market, output));
    }
  }
  return lines;
}

function jsonLines(market: Market, output: SubjectOutput): string[] {
  return output.events.map((event) => `${market} ${JSON.stringify(event)}`);
}

/** Steps are made one by one, against the state that the steps before have led to. */
function* generate(specs: readonly Spec[], maker: CommandMaker): Generator<Step> {
  yield* prelude();
  for (const spec of specs) yield maker.make(spec);
}

/** Two markets trade from the start; their configuration uses numbers of their own. */
function* prelude(): Generator<Step> {
  for (const [at, market] of (['BTC-USD', 'ETH-EUR'] as const).entries()) {
    const config = variantOf(market, 0, 1);
    const head = { number: at + 1, timeMs: 1 };
    const command = { kind: 'configure_market', ...head, config, status: 'trading' } as const;
    yield { kind: 'command', market, command };
  }
}

class Twins {
  readonly oracle = new NaiveShard();
  readonly lines: string[] = [];
  readonly #subject: Subject;
  readonly #coverage: Coverage;

  constructor(subject: Subject, coverage: Coverage) {
    this.#subject = subject;
    this.#coverage = coverage;
  }

  do(step: Step): void {
    if (step.kind === 'command') {
      this.#apply(step.market, step.command);
    } else if (step.kind === 'tick') {
      this.#tick(step.timeMs);
    } else {
      this.#subject.restore();
      const books = [...this.oracle.books.values()];
      for (const book of books) this.#compareState(book);
      this.#coverage.noteRestore(books);
    }
  }

  #apply(market: Market, command: MarketCommand): void {
    const book = this.oracle.book(market);
    const context = contextOf(book, command.number);
    const events = this.oracle.apply(market, command);
    const output = this.#subject.apply(market, command);
    this.#coverage.noteCommand(command, events, context);
    this.#compare(book, events, output, command);
  }

  #tick(timeMs: number): void {
    const books = [...this.oracle.books];
    const contexts = new Map(books.map(([id, book]) => [id, contextOf(book, null)]));
    const expected = this.oracle.tick(timeMs);
    const outputs = this.#subject.tick(timeMs);
    for (const [market, events] of expected) {
      const context = contexts.get(market) ?? contextOf(this.oracle.book(market), null);
      this.#coverage.noteTick(events, context);
      const output = outputs.get(market) ?? { events: [], depth: [] };
      this.#compare(this.oracle.book(market), events, output, { kind: 'tick', timeMs });
    }
  }

  #compare(
    book: NaiveBook,
    events: readonly Execution[],
    output: SubjectOutput,
    cause: unknown,
  ): void {
    assert.deepEqual(output.events, events, `events differ after ${JSON.stringify(cause)}`);
    const touched = book.takeTouched();
    assert.deepEqual(output.depth, touched, `depth differs after ${JSON.stringify(cause)}`);
    this.#compareState(book);
    // The oracle itself must never hold a crossed book or an empty order (M7).
    assert.equal(findUnsound(book), null);
    this.lines.push(...jsonLines(book.market, output));
  }

  #compareState(book: NaiveBook): void {
    const [actual, expected] = [this.#subject.stateText(book.market), book.stateText()];
    if (actual !== expected) assert.equal(actual, expected, 'state differs');
  }
}

/**
 * The naive book behind the engine's interface: shows that the harness itself can pass and fail.
 */
export class NaiveSubject implements Subject {
  readonly #shard = new NaiveShard();
  readonly #alter: (event: Execution) => unknown;

  constructor(alter: (event: Execution) => unknown = (event) => event) {
    this.#alter = alter;
  }

  apply(market: Market, command: MarketCommand): SubjectOutput {
    return this.#output(market, this.#shard.apply(market, command));
  }

  tick(timeMs: number): ReadonlyMap<Market, SubjectOutput> {
    const events = [...this.#shard.tick(timeMs)];
    return new Map(events.map(([market, each]) => [market, this.#output(market, each)]));
  }

  #output(market: Market, events: readonly Execution[]): SubjectOutput {
    const depth = this.#shard.book(market).takeTouched();
    return { events: events.map((event) => this.#alter(event)), depth };
  }

  stateText(market: Market): string {
    return this.#shard.book(market).stateText();
  }

  restore(): void {
    // A naive book has no snapshot: it is only ever replayed.
  }
}
