// The kinds of orders that few use, in the matching core: the mixed flow with one in ten of them
// (stops, icebergs, OCO lists in turn), beside the same flow without; and a cascade in which one
// order sets off all the others, at three sizes.
import type { CancelCommand, MarketCommand, PlaceCommand } from '../../shared/events/commands.ts';
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
/** Of each ten operations the last one places an order of these kinds, or takes one back. */
const KIND_EVERY = 10;
const WAITING = 5_000;
/** A list takes a number for each order and one for itself. */
const NUMBERS_EACH = 3;
const KINDS = 3;
/** Nobody of the flow: its orders and these may trade. */
const USER = 5_000;
const DISTANCE_TICKS = 400;

export function run(): Promise<unknown> {
  const flow = makeFlow(SEED, DEPTH, OPERATIONS);
  mixed(flow, true);
  mixed(flow, false);
  const withKinds = Array.from({ length: RUNS }, () => mixed(flow, true));
  const without = medianRate(Array.from({ length: RUNS }, () => mixed(flow, false).rate));
  const rate = medianRate(withKinds.map((each) => each.rate));
  cascade(10_000);
  return Promise.resolve({
    ours: {
      seed: SEED,
      restingOrders: DEPTH,
      operationsPerCpuSecond: rate.perCpuSecond,
      ordersOfTheseKinds: withKinds[0]?.placed,
      waitingAtEnd: withKinds[0]?.waiting,
      cascades: CASCADES.map((orders) => cascade(orders)),
    },
    peer: { name: 'the same flow without them', operationsPerCpuSecond: without.perCpuSecond },
    ratio: Math.round((rate.perCpuSecond / without.perCpuSecond) * 100) / 100,
  });
}

interface MixedRun {
  readonly rate: Rate;
  readonly placed: number;
  readonly waiting: number;
}

function mixed(flow: Flow, hasKinds: boolean): MixedRun {
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
    if (hasKinds && at % KIND_EVERY === 0) {
      // Above the numbers of the flow, as far as the window of known commands lets it be.
      const number = flow.count + NUMBERS_EACH * (placed + cancelled + 1);
      const oldest = waiting.count < WAITING ? undefined : live[cancelled];
      if (oldest === undefined) {
        engine.book.apply(makeKind(placed % KINDS, number, engine.book.state.lastTicks, random));
        // Of a list the first order, which takes the other one along.
        live.push(placed % KINDS === 2 ? number - 2 : number);
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

function cancelOf(number: number, orderNumber: number): CancelCommand {
  return { ...makeCancel(), number, userNumber: USER, orderNumber };
}

function makeKind(
  kind: number,
  number: number,
  lastTicks: number,
  random: () => number,
): MarketCommand {
  const away = 1 + Math.floor(random() * DISTANCE_TICKS);
  const side = random() < 0.5 ? 'buy' : 'sell';
  const [against, inFavour] =
    side === 'buy' ? [lastTicks + away, lastTicks - away] : [lastTicks - away, lastTicks + away];
  const order = { ...makePlace(), number, userNumber: USER, side, quantityLots: 10 } as const;
  const maker = { ...order, priceTicks: inFavour, postOnly: true };
  if (kind === 0) return stopOf(order, against);
  if (kind === 1) return { ...maker, displayLots: 3 };
  const { timeMs, userNumber } = order;
  const legs = [numbered(maker, number - 2), numbered(stopOf(order, against), number - 1)];
  return { kind: 'place_list', number, timeMs, userNumber, orders: legs };
}

function numbered(order: PlaceCommand, number: number): PlaceCommand {
  return { ...order, number };
}

function stopOf(order: PlaceCommand, priceTicks: number): PlaceCommand {
  return {
    ...order,
    type: 'market',
    timeInForce: 'IOC',
    priceTicks: order.side === 'buy' ? priceTicks * 2 : 1,
    trigger: { kind: 'stop_loss', priceTicks },
  };
}
