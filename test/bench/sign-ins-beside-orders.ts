// A steady flow of orders, by itself and while a hundred people sign in at once, in turns: what the
// hashing of passwords on the same machine does to the time of an order.
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { Exchange } from '../e2e/exchange.ts';
import { median } from './engine-log/median.ts';
import { percentiles, type Percentiles } from './order-to-ledger/figures.ts';
import { ordersOf, Stage, untilSettled, type Target } from './order-to-ledger/stage.ts';
import { Beside } from './servers/beside.ts';

const HELP = `npm run bench -- sign-ins-beside-orders [options]

  --rate 100         orders per second: one that the machine carries
  --seconds 15       length of each measurement: the sign-ins begin with it
  --rounds 7         measurements of either, in turns
  --warm-up 20       seconds before anything is measured
  --sign-ins 100     at once, each again when it is told to, until its password was looked at
  --with kafka,redis these servers beside it (default none)
  --short            one short round, to see that it runs`;

/** What the p99 of orders may rise to beside the sign-ins. */
const RATIO_MAX = 1.2;
const USERS = 50;
const BUSY = 503;
const SUBNETS = 250;

export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      'warm-up': { type: 'string' },
      'sign-ins': { type: 'string' },
      with: { type: 'string', default: '' },
      short: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { usage: HELP.split('\n') };
  const { short } = values;
  const rate = Number(values.rate ?? (short ? 20 : 100));
  const seconds = Number(values.seconds ?? (short ? 4 : 15));
  const rounds = Number(values.rounds ?? (short ? 1 : 7));
  const crowd = Number(values['sign-ins'] ?? (short ? 10 : 100));
  const beside = await Beside.start(values.with);
  const exchange = await Exchange.create(...beside.flags);
  const stage = await Stage.open(exchange, beside, USERS);
  const strangers = await Strangers.open(exchange);
  try {
    const target = await ordersOf(exchange, false);
    await stage.load(target, rate, Number(values['warm-up'] ?? (short ? 1 : 20)));
    await untilSettled(exchange);
    const alone: Percentiles[] = [];
    const busy: Percentiles[] = [];
    const crowds: object[] = [];
    const measure = async (into: Percentiles[], signIns: number): Promise<void> => {
      const signedIn = strangers.comeAll(signIns);
      into.push(await accepted(stage, target, rate, seconds));
      if (signIns > 0) crowds.push(await signedIn);
    };
    for (let round = 0; round < rounds; round += 1) {
      const turns: readonly [Percentiles[], number][] = [
        [alone, 0],
        [busy, crowd],
      ];
      for (const turn of round % 2 === 0 ? turns : [...turns].reverse()) await measure(...turn);
    }
    return { with: values.with, rate, seconds, ...summarize(alone, busy), crowds };
  } finally {
    await strangers.close();
    await stage.close();
    await exchange.remove();
    await beside.stop();
  }
}

async function accepted(
  stage: Stage,
  target: Target,
  rate: number,
  seconds: number,
): Promise<Percentiles> {
  const sent = await stage.load(target, rate, seconds);
  return percentiles(sent.map(({ latencyMs }) => latencyMs));
}

/**
 * People without an account: they cost a hash like everybody else. Each comes from a subnet of
 * their own, so that none is told to wait before a password is looked at.
 */
class Strangers {
  readonly #pool: Pool;
  #come = 0;

  static async open(exchange: Exchange): Promise<Strangers> {
    const { services } = await exchange.topology();
    const auth = services.find(({ name }) => name === 'auth');
    if (auth === undefined) throw new Error('no auth function');
    return new Strangers(`http://${auth.address}`);
  }

  private constructor(url: string) {
    this.#pool = new Pool(url);
  }

  /** All at once; tells how long it took until the last password was looked at. */
  async comeAll(count: number): Promise<object> {
    const startedAt = performance.now();
    const tries = await Promise.all(Array.from({ length: count }, () => this.#comeOne()));
    const tooMany = tries.reduce((sum, each) => sum + each - 1, 0);
    return { signIns: count, toldToComeAgain: tooMany, tookMs: performance.now() - startedAt };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #comeOne(): Promise<number> {
    this.#come += 1;
    const number = this.#come;
    const subnet = `${10 + Math.floor(number / SUBNETS)}.${number % SUBNETS}`;
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#pool.request({
        method: 'POST',
        path: '/v1/auth/sign-in',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': `10.${subnet}.1` },
        body: JSON.stringify({
          email: `stranger-${number}@example.test`,
          password: 'not a password of anybody',
        }),
      });
      await answer.body.dump();
      if (answer.statusCode === 401) return tries;
      if (answer.statusCode !== BUSY) throw new Error(`a sign-in: ${answer.statusCode}`);
      const againMs = Number(answer.headers['retry-after']) * 1_000;
      await new Promise((done) => setTimeout(done, againMs));
    }
  }
}

function summarize(alone: readonly Percentiles[], busy: readonly Percentiles[]): object {
  const of = (rounds: readonly Percentiles[]) => ({
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    roundsP99Ms: rounds.map(({ p99Ms }) => p99Ms),
  });
  const [ordersAlone, ordersBeside] = [of(alone), of(busy)];
  const p99Ratio = Math.round((ordersBeside.p99Ms / ordersAlone.p99Ms) * 1_000) / 1_000;
  const isWithinRatio = p99Ratio <= RATIO_MAX;
  return { ordersAlone, ordersBeside, p99Ratio, ratioMax: RATIO_MAX, isWithinRatio };
}
