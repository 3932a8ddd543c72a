// What the edge costs an order on its whole way: `order-to-ledger` by an orders function with token
// check, policy and allowances, and by one without, in turns in one run. Each of both stands beside
// the exchange's own, which takes in the events for either.
import { parseArgs } from 'node:util';
import { Exchange } from '../e2e/exchange.ts';
import { BesideOrders } from './edge/beside-orders.ts';
import { median } from './engine-log/median.ts';
import { Stage, untilSettled, type Measured, type Target } from './order-to-ledger/stage.ts';
import { Beside } from './servers/beside.ts';

const HELP = `npm run bench -- edge-to-ledger [options]

  --rate 300         orders per second: one that the machine carries with room to spare
  --seconds 20       length of each measurement
  --rounds 5         measurements of either, in turns
  --warm-up 20       seconds through each before anything is measured
  --users 200        users that trade
  --with kafka,redis these servers beside it (default none); with redis allowances are counted there
  --short            one short round, to see that it runs`;

/** What the order-to-ledger figure may lose by the edge. */
const RATIO_MAX = 1.1;

export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      'warm-up': { type: 'string' },
      users: { type: 'string' },
      with: { type: 'string', default: '' },
      short: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { usage: HELP.split('\n') };
  const { short } = values;
  const rate = Number(values.rate ?? (short ? 20 : 300));
  const seconds = Number(values.seconds ?? (short ? 3 : 20));
  const rounds = Number(values.rounds ?? (short ? 1 : 5));
  const warmUp = Number(values['warm-up'] ?? (short ? 1 : 20));
  const beside = await Beside.start(values.with);
  const exchange = await Exchange.create(...beside.flags);
  const stage = await Stage.open(exchange, beside, Number(values.users ?? (short ? 10 : 200)));
  const hosts = await BesideOrders.open(exchange);
  try {
    const variants = [
      await hosts.start('withEdge'),
      await hosts.start('withoutEdge', { BENCH_EDGE: 'none' }),
    ];
    for (const variant of variants) await stage.load(variant, rate, warmUp);
    await untilSettled(exchange);
    const measured = new Map<string, Measured[]>(variants.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      // Who comes second finds more rows and a warmer machine: they take turns at that, too.
      const order: readonly Target[] = round % 2 === 0 ? variants : [...variants].reverse();
      for (const variant of order) {
        measured.get(variant.name)?.push(await stage.measure(variant, rate, seconds));
      }
    }
    return { with: values.with, rate, seconds, rounds, ...summarize(measured) };
  } finally {
    await hosts.stop();
    await stage.close();
    await exchange.remove();
    await beside.stop();
  }
}

const FIGURES: Readonly<Record<string, (each: Measured, name: string) => number>> = {
  acceptedP50Ms: ({ accepted }) => accepted.p50Ms,
  acceptedP99Ms: ({ accepted }) => accepted.p99Ms,
  postedP50Ms: ({ posted }) => posted.p50Ms,
  postedP99Ms: ({ posted }) => posted.p99Ms,
  cpuMicrosOfItsProcess: ({ cpuMicrosecondsPerRequest: cpu }, name) => cpu[name] ?? 0,
  cpuMicrosInAll: ({ cpuMicrosecondsPerRequest: cpu }) => cpu['total'] ?? 0,
};

function summarize(measured: ReadonlyMap<string, readonly Measured[]>): object {
  const figures = (name: string): Record<string, number> =>
    Object.fromEntries(
      Object.entries(FIGURES).map(([figure, of]) => [
        figure,
        median((measured.get(name) ?? []).map((each) => of(each, name))),
      ]),
    );
  const [withEdge, withoutEdge] = [figures('withEdge'), figures('withoutEdge')];
  const ratios = Object.fromEntries(
    Object.entries(withEdge).map(([figure, value]) => [figure, ratio(value, withoutEdge[figure])]),
  );
  const { postedP50Ms = Number.NaN } = ratios;
  return {
    withEdge,
    withoutEdge,
    ratios,
    ratioMax: RATIO_MAX,
    isWithinRatio: postedP50Ms <= RATIO_MAX,
    measurements: Object.fromEntries(measured),
  };
}

function ratio(value: number, base = 0): number {
  return Math.round((value / base) * 1_000) / 1_000;
}
