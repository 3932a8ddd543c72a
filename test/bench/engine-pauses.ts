// Pauses of the garbage collector while the matching core does a million operations a second for a
// minute, as perf_hooks tells them. Places, cancels and crossing orders in even slices of time, on
// a book that stays as large as it is.
import { PerformanceObserver, constants, performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { MarketBook } from '../../engine-daemon/core/market-book.ts';
import { configureCommand, makeCancel, makePlace } from './engine/commands.ts';
import { makeRandom } from './engine/random.ts';

const SEED = 20_120_621;
const SECONDS = 60;
const PER_MS = 1_000;
const MIDDLE = 50_000;
const SPREAD_TICKS = 200;
/** Of a hundred operations so many cancel; so many of the others cross. */
const CANCELS = 45;
const CROSSING = 10;
/** Orders placed to rest and not cancelled yet: never more, and after the start never fewer. */
const LIVE_MAX = 16_384;
const LIVE_MIN = 8_192;
const GOAL_MS = 5;

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak callbacks',
};

export async function run(): Promise<unknown> {
  const book = new MarketBook('BTC-USD');
  const step = makeSteps(book);
  for (let at = 0; at < 1_000_000; at += 1) step();
  const restingAtStart = book.openOrders;
  const pauses: { readonly kind: string; readonly ms: number }[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind = 0 } = (entry as { detail?: { kind?: number } }).detail ?? {};
      pauses.push({ kind: KINDS[kind] ?? String(kind), ms: entry.duration });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const { seconds, lateMs } = await runPaced(step);
  // What was told last comes with the next turn of the loop.
  await setImmediate();
  observer.disconnect();
  const sorted = pauses.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    ours: {
      seed: SEED,
      seconds: Math.round(seconds),
      operationsPerSecond: Math.round((SECONDS * 1_000 * PER_MS) / seconds),
      restingOrdersAtStart: restingAtStart,
      restingOrdersAtEnd: book.openOrders,
      longestLagMs: round(lateMs),
      pauses: sorted.length,
      p50Ms: round(sorted[Math.floor(sorted.length / 2)] ?? 0),
      longestMs: round(sorted.at(-1) ?? 0),
      aboveGoal: sorted.filter((ms) => ms > GOAL_MS).length,
      byKind: Object.fromEntries(
        [...new Set(pauses.map(({ kind }) => kind))].map((kind) => [
          kind,
          pauses.filter((pause) => pause.kind === kind).length,
        ]),
      ),
    },
    peer: { name: 'the goal', longestMs: GOAL_MS },
    ratio: round((sorted.at(-1) ?? 0) / GOAL_MS),
  };
}

/** A slice each millisecond, with a turn of the event loop between two. */
async function runPaced(step: () => void): Promise<{ seconds: number; lateMs: number }> {
  const started = performance.now();
  let lateMs = 0;
  for (let slice = 0; slice < SECONDS * 1_000; slice += 1) {
    const dueMs = started + slice;
    while (performance.now() < dueMs) await setImmediate();
    lateMs = Math.max(lateMs, performance.now() - dueMs);
    for (let at = 0; at < PER_MS; at += 1) step();
    if (slice % 16 === 15) await setImmediate();
  }
  return { seconds: (performance.now() - started) / 1_000, lateMs };
}

function makeSteps(book: MarketBook): () => void {
  book.apply(configureCommand());
  const random = makeRandom(SEED);
  const below = (limit: number): number => Math.floor(random() * limit);
  const place = makePlace();
  const cancel = makeCancel();
  const live = new Float64Array(LIVE_MAX);
  let number = 1;
  let placed = 0;
  let cancelled = 0;
  const cancelOldest = (): void => {
    cancel.number = number;
    cancel.orderNumber = live[cancelled % LIVE_MAX] ?? 0;
    cancel.userNumber = 1 + (cancel.orderNumber % 500);
    book.apply(cancel);
    cancelled += 1;
  };
  return () => {
    number += 1;
    const dice = below(100);
    const isCrossing = dice >= CANCELS && dice < CANCELS + CROSSING;
    const size = placed - cancelled;
    const isCancel = dice < CANCELS ? size > LIVE_MIN : !isCrossing && size === LIVE_MAX;
    if (isCancel) cancelOldest();
    else {
      const isBuy = dice % 2 === 0;
      const away = isCrossing ? -20 : 1 + below(SPREAD_TICKS);
      place.number = number;
      place.side = isBuy ? 'buy' : 'sell';
      place.priceTicks = isBuy ? MIDDLE - away : MIDDLE + away;
      place.quantityLots = 1 + below(50);
      place.timeInForce = isCrossing ? 'IOC' : 'GTC';
      place.userNumber = 1 + (number % 500);
      book.apply(place);
      if (!isCrossing) {
        live[placed % LIVE_MAX] = number;
        placed += 1;
      }
    }
    if (number % 64 === 0) {
      book.events.clear();
      book.clearTouched();
    }
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
