// Drives our engine core through a flow: throughput, time per operation, and memory.
import { performance } from 'node:perf_hooks';
import { decodeEvents } from '../../../engine-daemon/core/facts.ts';
import { MarketBook } from '../../../engine-daemon/core/market-book.ts';
import { configureCommand, makeCancel, makePlace } from './commands.ts';
import { Stopwatch, type Rate } from './stopwatch.ts';
import { CANCEL, PLACE_BUY, numberOf, type Flow } from './flow.ts';

/** Operations between two clears of the event buffer: a busy input batch of the daemon. */
export const BATCH = 64;

export interface RunOptions {
  readonly operations: number;
  /** Also decode each batch into wire events, as the daemon does. */
  readonly decodes: boolean;
}

export interface OurRun {
  readonly rate: Rate;
  readonly tradedLots: number;
  readonly restingOrders: number;
  readonly bytes: number;
}

export class OurEngine {
  readonly book = new MarketBook('BTC-USD');
  private readonly flow: Flow;
  private readonly place = makePlace();
  private readonly cancel = makeCancel();

  constructor(flow: Flow) {
    this.flow = flow;
    const configure = configureCommand();
    this.book.apply(configure);
    this.book.events.clear();
    for (let at = 0; at < flow.prefill; at += 1) {
      this.step(at);
      if (at % BATCH === BATCH - 1) this.clear();
    }
    this.clear();
  }

  /** Applies operation `at` of the flow. */
  step(at: number): void {
    const { flow, place, cancel } = this;
    const kind = flow.kinds[at] as number;
    if (kind === CANCEL) {
      cancel.number = numberOf(at);
      cancel.userNumber = flow.users[at] as number;
      cancel.orderNumber = flow.targets[at] as number;
      this.book.apply(cancel);
      return;
    }
    place.number = numberOf(at);
    place.side = kind === PLACE_BUY ? 'buy' : 'sell';
    place.priceTicks = flow.prices[at] as number;
    place.quantityLots = flow.lots[at] as number;
    place.userNumber = flow.users[at] as number;
    this.book.apply(place);
  }

  clear(): void {
    this.book.events.clear();
    this.book.clearTouched();
  }
}

export function runOurs(flow: Flow, options: RunOptions): OurRun {
  const engine = new OurEngine(flow);
  const end = flow.prefill + options.operations;
  let tradedLots = 0;
  const stopwatch = new Stopwatch();
  for (let at = flow.prefill; at < end;) {
    const batchEnd = Math.min(end, at + BATCH);
    for (; at < batchEnd; at += 1) engine.step(at);
    if (options.decodes) tradedLots += decodeBatch(engine);
    engine.clear();
  }
  const rate = stopwatch.rate(options.operations);
  return {
    rate,
    tradedLots,
    restingOrders: engine.book.openOrders,
    bytes: engine.book.bytes(),
  };
}

function decodeBatch(engine: OurEngine): number {
  let lots = 0;
  for (const event of decodeEvents(engine.book)) {
    if (event.kind === 'trade') lots += event.quantityLots;
  }
  return lots;
}

/** Nanoseconds of each operation, sorted, the clock's own time included. */
export function timeOurs(flow: Flow, operations: number): Float64Array {
  const engine = new OurEngine(flow);
  const nanoseconds = new Float64Array(operations);
  for (let done = 0; done < operations; done += 1) {
    const started = performance.now();
    engine.step(flow.prefill + done);
    nanoseconds[done] = (performance.now() - started) * 1e6;
    if (done % BATCH === BATCH - 1) engine.clear();
  }
  return nanoseconds.sort();
}

/** Median nanoseconds between two looks at the clock: what `timeOurs` adds to each operation. */
export function timeClock(): number {
  const nanoseconds = new Float64Array(100_000);
  for (let at = 0; at < nanoseconds.length; at += 1) {
    const started = performance.now();
    nanoseconds[at] = (performance.now() - started) * 1e6;
  }
  return nanoseconds.sort()[nanoseconds.length / 2] ?? 0;
}
