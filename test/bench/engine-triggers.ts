// Orders with a trigger in the matching core: the mixed flow with one in ten of them, beside the
// same flow without; and a cascade in which one order sets off all the others, at three sizes.
import type { CancelCommand } from '../../shared/events/commands.ts';
import { makeCancel, makePlace } from './engine/commands.ts';
import { cascade } from './engine/cascade.ts';
import { makeFlow, type Flow } from './engine/flow.ts';
import { OurEngine } from './engine/ours.ts';
import { Stopwatch, medianRate, type Rate } from './engine/stopwatch.ts';
import { makeRandom } from './engine/random.ts';

const SEED = 20_120_621;
const DEPTH = 10_000;
const OPERATIONS = 1_000_000;
const RUNS = 5;
const BATCH = 64;
const CASCADES = [1_000, 10_000, 100_000] as const;
/** Of each ten operations the last one places an order with a trigger, or takes one back. */
const TRIGGER_EVERY = 10;
const WAITING = 5_000;
const DISTANCE_TICKS = 400;

export function run(): Promise<unknown> {
  const flow = makeFlow(SEED, DEPTH, OPERATIONS);
  mixed(flow, true);
  mixed(flow, false);
  const withTriggers = Array.from({ length: RUNS }, () => mixed(flow, true));
  const without = medianRate(Array.from({ length: RUNS }, () => mixed(flow, false).rate));
  const rate = medianRate(withTriggers.map((each) => each.rate));
  cascade(10_000);
  return Promise.resolve({
    ours: {
      seed: SEED,
      restingOrders: DEPTH,
      operationsPerCpuSecond: rate.perCpuSecond,
      ordersWithTrigger: withTriggers[0]?.placed,
      waitingAtEnd: withTriggers[0]?.waiting,
      cascades: CASCADES.map((orders) => cascade(orders)),
    },
    peer: { name: 'the same flow without triggers', operationsPerCpuSecond: without.perCpuSecond },
    ratio: Math.round((rate.perCpuSecond / without.perCpuSecond) * 100) / 100,
  });
}

interface MixedRun {
  readonly rate: Rate;
  readonly placed: number;
  readonly waiting: number;
}

function mixed(flow: Flow, hasTriggers: boolean): MixedRun {
  const engine = new OurEngine(flow);
  const random = makeRandom(SEED);
  const { waiting } = engine.book.state;
  const live: number[] = [];
  let cancelled = 0;
  let operations = 0;
  let placed = 0;
  const stopwatch = new Stopwatch();
  for (let at = flow.prefill; at < flow.count; at += 1) {
    engine.step(at);
    operations += 1;
    if (hasTriggers && at % TRIGGER_EVERY === 0) {
      // Above the numbers of the flow, as far as the window of known commands lets it be.
      const number = flow.count + operations;
      const oldest = waiting.count < WAITING ? undefined : live[cancelled];
      if (oldest === undefined) {
        placeTriggered(engine, number, random);
        live.push(number);
        placed += 1;
      } else {
        engine.book.apply(cancelOf(number, oldest));
        cancelled += 1;
      }
      operations += 1;
    }
    if (at % BATCH === BATCH - 1) engine.clear();
  }
  return { rate: stopwatch.rate(operations), placed, waiting: waiting.count };
}

function userOf(number: number): number {
  return 5_000 + (number % 1_000);
}

function cancelOf(number: number, orderNumber: number): CancelCommand {
  return { ...makeCancel(), number, userNumber: userOf(orderNumber), orderNumber };
}

function placeTriggered(engine: OurEngine, number: number, random: () => number): void {
  const { lastTicks } = engine.book.state;
  const away = 1 + Math.floor(random() * DISTANCE_TICKS);
  const side = random() < 0.5 ? 'buy' : 'sell';
  const priceTicks = side === 'buy' ? lastTicks + away : lastTicks - away;
  engine.book.apply({
    ...makePlace(),
    number,
    userNumber: userOf(number),
    side,
    type: 'market',
    timeInForce: 'IOC',
    priceTicks: side === 'buy' ? priceTicks * 2 : 1,
    quantityLots: 10,
    trigger: { kind: 'stop_loss', priceTicks },
  });
}
