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
import { isSame, isSameInOrder } from './same-values.ts';

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
  /** To be read before the next call. */
  readonly depth: readonly DepthLine[];
}

/** The events of one step. */
type Written = readonly (readonly [Market, SubjectOutput['events']])[];

export interface TwinRun {
  readonly steps: readonly Step[];
  /** By step. */
  readonly written: readonly Written[];
  /** At the end. */
  readonly states: ReadonlyMap<Market, string>;
}

/**
 * Says after which commands the whole state is compared. Events and depth always are; and so is the
 * state at every restore and at the end of a run.
 */
export type IsLookedAt = () => boolean;

export const ALWAYS: IsLookedAt = () => true;

/** About once in `every` commands, at random but alike for a seed. */
export function nowAndThen(seed: number, every: number): IsLookedAt {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % every === 0;
  };
}

/** Runs the specs through the engine and the naive book. Throws at the first difference. */
export function runTwins(
  subject: Subject,
  specs: readonly Spec[],
  coverage: Coverage,
  isLookedAt: IsLookedAt,
): TwinRun {
  const twins = new Twins(subject, coverage, isLookedAt);
  const maker = new CommandMaker(twins.oracle);
  const steps: Step[] = [];
  const written: Written[] = [];
  for (const step of generate(specs, maker)) {
    steps.push(step);
    written.push(twins.do(step));
  }
  return { steps, written, states: twins.compareAll() };
}

/**
 * Runs the same steps through an engine alone, without snapshots: it must write the same to the
 * last byte, and come to the same state.
 */
export function checkAlone(subject: Subject, { steps, written, states }: TwinRun): void {
  for (const [at, step] of steps.entries()) {
    const again = doAlone(subject, step);
    if (isSameInOrder(again, written[at])) continue;
    const difference = `two runs wrote different events at ${JSON.stringify(step)}`;
    assert.equal(JSON.stringify(again), JSON.stringify(written[at]), difference);
    assert.deepEqual(again, written[at], difference);
    assert.fail(difference);
  }
  for (const [market, state] of states) {
    assert.equal(subject.stateText(market), state, 'two runs came to different states');
  }
}

function doAlone(subject: Subject, step: Step): Written {
  if (step.kind === 'command') {
    return [[step.market, subject.apply(step.market, step.command).events]];
  }
  return step.kind === 'restore' ? [] : eventsOf(subject.tick(step.timeMs));
}

function eventsOf(outputs: ReadonlyMap<Market, SubjectOutput>): Written {
  return [...outputs].map(([market, { events }]) => [market, events]);
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
  readonly #subject: Subject;
  readonly #coverage: Coverage;
  readonly #isLookedAt: IsLookedAt;

  constructor(subject: Subject, coverage: Coverage, isLookedAt: IsLookedAt) {
    this.#subject = subject;
    this.#coverage = coverage;
    this.#isLookedAt = isLookedAt;
  }

  do(step: Step): Written {
    if (step.kind === 'command') return this.#apply(step.market, step.command);
    if (step.kind === 'tick') return this.#tick(step.timeMs);
    this.#subject.restore();
    this.compareAll();
    this.#coverage.noteRestore([...this.oracle.books.values()]);
    return [];
  }

  /** Answers the states of all markets. */
  compareAll(): ReadonlyMap<Market, string> {
    const books = [...this.oracle.books.values()];
    return new Map(books.map((book) => [book.market, this.#compareState(book)]));
  }

  #apply(market: Market, command: MarketCommand): Written {
    const book = this.oracle.book(market);
    const context = this.#coverage.isComplete ? null : contextOf(book, command.number);
    const isRepeat = book.hasSeen(command.number);
    const events = this.oracle.apply(market, command);
    const output = this.#subject.apply(market, command);
    if (context !== null) this.#coverage.noteCommand(command, events, context);
    else if (!isRepeat) this.#coverage.count(events);
    this.#compare(book, events, output, command);
    return [[market, output.events]];
  }

  #tick(timeMs: number): Written {
    const books = this.#coverage.isComplete ? [] : [...this.oracle.books];
    const contexts = new Map(books.map(([id, book]) => [id, contextOf(book, null)]));
    const expected = this.oracle.tick(timeMs);
    const outputs = this.#subject.tick(timeMs);
    for (const [market, events] of expected) {
      const context = contexts.get(market);
      if (context !== undefined) this.#coverage.noteTick(events, context);
      else this.#coverage.count(events);
      const output = outputs.get(market) ?? { events: [], depth: [] };
      this.#compare(this.oracle.book(market), events, output, { kind: 'tick', timeMs });
    }
    return eventsOf(outputs);
  }

  #compare(
    book: NaiveBook,
    events: readonly Execution[],
    output: SubjectOutput,
    cause: unknown,
  ): void {
    if (!isSame(output.events, events)) {
      assert.deepEqual(output.events, events, `events differ after ${JSON.stringify(cause)}`);
    }
    const [depth, touched] = [output.depth, book.takeTouched()];
    if (!isSame(depth, touched)) {
      assert.deepEqual(depth, touched, `depth differs after ${JSON.stringify(cause)}`);
    }
    if (this.#isLookedAt()) this.#compareState(book);
  }

  #compareState(book: NaiveBook): string {
    const [actual, expected] = [this.#subject.stateText(book.market), book.stateText()];
    if (actual !== expected) assert.equal(actual, expected, 'state differs');
    // The oracle itself must never hold a crossed book or an empty order (M7).
    assert.equal(findUnsound(book), null);
    return actual;
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
