// The kinds of orders that few use, in the matching core: the mixed flow with one in ten of them
// (stops, icebergs, OCO lists in turn), beside the same flow without; and a cascade in which one
// order sets off all the others, at three sizes.
import { cascade } from './engine/cascade.ts';
import { makeFlow, type Flow } from './engine/flow.ts';
import { KindCommands, kindBehind, makeKinds, type KindOperation } from './engine/kinds.ts';
import { BATCH, OurEngine } from './engine/ours.ts';
import { Stopwatch, medianRate, type Rate } from './engine/stopwatch.ts';

const SEED = 20_120_621;
const DEPTH = 10_000;
const OPERATIONS = 1_000_000;
const RUNS = 5;
const CASCADES = [1_000, 10_000, 100_000] as const;
const NO_KINDS: readonly KindOperation[] = [];

export function run(): Promise<unknown> {
  const flow = makeFlow(SEED, DEPTH, OPERATIONS);
  const kinds = makeKinds(flow, SEED);
  mixed(flow, kinds);
  mixed(flow, NO_KINDS);
  const withKinds = Array.from({ length: RUNS }, () => mixed(flow, kinds));
  const without = medianRate(Array.from({ length: RUNS }, () => mixed(flow, NO_KINDS).rate));
  const rate = medianRate(withKinds.map((each) => each.rate));
  cascade(10_000);
  return Promise.resolve({
    ours: {
      seed: SEED,
      restingOrders: DEPTH,
      operationsPerCpuSecond: rate.perCpuSecond,
      ordersOfTheseKinds: kinds.filter(({ kind }) => kind !== 'cancel').length,
      waitingAtEnd: withKinds[0]?.waiting,
      cascades: CASCADES.map((orders) => cascade(orders)),
    },
    peer: { name: 'the same flow without them', operationsPerCpuSecond: without.perCpuSecond },
    ratio: Math.round((rate.perCpuSecond / without.perCpuSecond) * 100) / 100,
  });
}

interface MixedRun {
  readonly rate: Rate;
  readonly waiting: number;
}

/** Plays the flow with `kinds` among its operations. */
function mixed(flow: Flow, kinds: readonly KindOperation[]): MixedRun {
  const engine = new OurEngine(flow);
  const commands = new KindCommands();
  let operations = 0;
  const stopwatch = new Stopwatch();
  for (let at = flow.prefill; at < flow.count; at += 1) {
    engine.step(at);
    operations += 1;
    const kind = kindBehind(kinds, flow, at);
    if (kind !== undefined) {
      engine.book.apply(commands.fill(kind));
      operations += 1;
    }
    if (at % BATCH === BATCH - 1) engine.clear();
  }
  return { rate: stopwatch.rate(operations), waiting: engine.book.state.waiting.count };
}
