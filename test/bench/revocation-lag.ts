// How long a key, or a user, goes on being served after it was revoked: a burst of signed orders on
// two processes, and the time from each commit of a revocation until the last of both has refused.
import { parseArgs } from 'node:util';
import { Pool as HttpPool } from 'undici';
import { createPool, type Pool } from '../../shared/db/pool.ts';
import { keyId, userId } from '../../shared/domain/ids.ts';
import {
  makeTestKey,
  signRequest,
  testRing,
  type TestKey,
} from '../../shared/function/testing/request-signer.ts';
import { Exchange } from '../e2e/exchange.ts';
import { BesideOrders } from './edge/beside-orders.ts';
import { percentiles } from './order-to-ledger/figures.ts';
import { Beside } from './servers/beside.ts';

const HELP = `npm run bench -- revocation-lag [options]

  --trials 40        revocations: of a key and of a user, in turns
  --callers 8        programs that send orders all the while, for other keys
  --with kafka,redis these servers beside it (default none)
  --short            two trials, to see that it runs`;

/** What is promised: refused everywhere within this. */
const LAG_MAX_MS = 1_000;
const FIRST_KEY = 5_000;
const FIRST_CROWD_KEY = 9_000;
/** Requests of the key under test, on each process, before it is revoked. */
const TAKEN_FIRST = 5;
const PATH = '/v1/orders';
const ORDER = JSON.stringify({
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '20000',
  quantity: '0.001',
});

export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trials: { type: 'string' },
      callers: { type: 'string' },
      with: { type: 'string', default: '' },
      short: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { usage: HELP.split('\n') };
  const trials = Number(values.trials ?? (values.short ? 2 : 40));
  const callers = Number(values.callers ?? (values.short ? 2 : 8));
  const beside = await Beside.start(values.with);
  const exchange = await Exchange.create(...beside.flags);
  const hosts = await BesideOrders.open(exchange);
  const database = createPool({
    url: exchange.databaseUrl,
    applicationName: 'bench',
    connectionsMax: 2,
  });
  const processes = await Promise.all(
    ['one', 'two'].map(async (name) => new HttpPool((await hosts.start(name)).url)),
  );
  const crowd = new Crowd(processes);
  try {
    for (let at = 0; at < callers; at += 1) {
      crowd.add(await storeKey(database, exchange, FIRST_CROWD_KEY + at));
    }
    const lags: Record<string, number[]> = { key: [], user: [] };
    for (let trial = 0; trial < trials; trial += 1) {
      const what = trial % 2 === 0 ? 'key' : 'user';
      const key = await storeKey(database, exchange, FIRST_KEY + trial);
      lags[what]?.push(await lagOf(database, processes, key, what));
    }
    const ordersOfCrowd = await crowd.stop();
    const all = Object.values(lags).flat();
    return {
      with: values.with,
      callers,
      ordersOfCrowd,
      lagMs: Object.fromEntries(
        Object.entries(lags).map(([what, each]) => {
          const { count, p50Ms, maxMs } = percentiles(each);
          return [what, { count, p50Ms, maxMs }];
        }),
      ),
      lagMaxMs: LAG_MAX_MS,
      isWithin: Math.max(...all) <= LAG_MAX_MS,
    };
  } finally {
    await crowd.stop();
    await Promise.all(processes.map((each) => each.close()));
    await database.end();
    await hosts.stop();
    await exchange.remove();
    await beside.stop();
  }
}

/** A key with a user of its own, who has money. */
async function storeKey(database: Pool, exchange: Exchange, number: number): Promise<TestKey> {
  const user = userId(number);
  // Makes the user, if there is none.
  await exchange.token(user);
  await exchange.own('POST', '/fund', { user, asset: 'USD', amount: '1000000' });
  const numbers = { keyNumber: number, userNumber: number, ownerNumber: number };
  const key = makeTestKey('ed25519', testRing(), numbers);
  await database.query(
    `INSERT INTO auth.api_keys (key_number, owner_number, user_number, label, type, public_key,
       scopes, created_at, expires_at)
     VALUES ($1, $1, $1, 'bench', 'ed25519', $2, '{read,trade}', now(), now() + interval '1 hour')`,
    [number, key.stored.publicKey],
  );
  return key;
}

async function placeSigned(target: HttpPool, key: TestKey): Promise<number> {
  const signed = signRequest(key, { method: 'POST', path: PATH, body: ORDER });
  const answer = await target.request({
    method: 'POST',
    path: PATH,
    headers: { ...signed, 'content-type': 'application/json' },
    body: ORDER,
  });
  await answer.body.dump();
  return answer.statusCode;
}

/** From the commit until each process has refused an order that was sent after it. */
async function lagOf(
  database: Pool,
  processes: readonly HttpPool[],
  key: TestKey,
  what: 'key' | 'user',
): Promise<number> {
  const taken = processes.map(() => 0);
  const refusedAt = processes.map(async (target, at) => {
    for (;;) {
      const status = await placeSigned(target, key);
      if (status === 401) return performance.now();
      taken[at] = (taken[at] ?? 0) + 1;
    }
  });
  while (taken.some((count) => count < TAKEN_FIRST)) {
    await new Promise((done) => setTimeout(done, 1));
  }
  const { keyNumber, userNumber } = key.stored;
  // Before it is sent: what the commit itself takes counts as lag, and nothing is left out.
  const sentAt = performance.now();
  await (what === 'key'
    ? database.query(`SELECT auth.revoke('credential', $1::bigint, ARRAY[$2::text])`, [
        userNumber,
        keyId(keyNumber),
      ])
    : database.query(`SELECT auth.revoke('user_blocked', $1::bigint)`, [userNumber]));
  return Math.max(...(await Promise.all(refusedAt))) - sentAt;
}

/** Programs that place orders without pause, each at both processes in turns. */
class Crowd {
  readonly #processes: readonly HttpPool[];
  readonly #working: Promise<void>[] = [];
  #orders = 0;
  #stops = false;

  constructor(processes: readonly HttpPool[]) {
    this.#processes = processes;
  }

  add(key: TestKey): void {
    this.#working.push(this.#work(key));
  }

  /** How many orders were answered. */
  async stop(): Promise<number> {
    this.#stops = true;
    await Promise.all(this.#working);
    return this.#orders;
  }

  async #work(key: TestKey): Promise<void> {
    while (!this.#stops) {
      for (const target of this.#processes) {
        const status = await placeSigned(target, key);
        if (status === 401) throw new Error('one of the crowd was refused, and none was revoked');
        this.#orders += 1;
      }
    }
  }
}
