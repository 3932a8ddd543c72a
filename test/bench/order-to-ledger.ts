// Orders over HTTP against the whole exchange, real processes on one machine: request to accepted,
// to the engine's outcome in the log, and to posted in the ledger. Open loop: latency counts from
// when a request was due, so a stall is not hidden by the requests that it kept from being sent.
// Beside it a bare node:http server under the same load, which is what the machine, the client and
// the loopback cost by themselves.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { Exchange } from '../e2e/exchange.ts';
import { percentiles, type Percentiles } from './order-to-ledger/figures.ts';
import { runOpenLoop } from './order-to-ledger/open-loop.ts';
import { OrderMix } from './order-to-ledger/order-mix.ts';
import { ordersOf, Stage, untilSettled } from './order-to-ledger/stage.ts';
import { Beside } from './servers/beside.ts';

const HELP = `npm run bench -- order-to-ledger [options]

  --rates 1000,2000   orders per second, one run each (default 1000,2000,3000)
  --seconds 60        length of each run
  --warm-up 60        seconds at the first rate before anything is measured: a young JVM, V8 and
                      buffer cache cost several times what they cost later
  --users 200         users that trade
  --with kafka,redis  these servers beside it, which it starts itself (default none: the
                      embedded log and no feed)
  --gateway           send through the emulator's public port instead of straight to the function`;

const PEER_SECONDS = 5;

export async function run(args: readonly string[]): Promise<unknown> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rates: { type: 'string', default: '1000,2000,3000' },
      seconds: { type: 'string', default: '60' },
      'warm-up': { type: 'string', default: '60' },
      users: { type: 'string', default: '200' },
      gateway: { type: 'boolean', default: false },
      with: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { usage: HELP.split('\n') };
  const beside = await Beside.start(values.with, { isWarmedUp: true });
  const exchange = await Exchange.create(...beside.flags);
  const stage = await Stage.open(exchange, beside, Number(values.users));
  const target = await ordersOf(exchange, values.gateway);
  try {
    const rates = values.rates.split(',').map(Number);
    await stage.load(target, rates[0] ?? 0, Number(values['warm-up']));
    await untilSettled(exchange);
    const runs: object[] = [];
    for (const rate of rates) {
      runs.push(await stage.measure(target, rate, Number(values.seconds)));
    }
    const peer = await measureBare(rates[0] ?? 0);
    const through = values.gateway ? 'gateway' : 'function';
    return { ours: { through, with: values.with, runs }, peer };
  } finally {
    await stage.close();
    await exchange.remove();
    await beside.stop();
  }
}

async function measureBare(rate: number): Promise<{ name: string; accepted: Percentiles }> {
  const body = '{"id":null}';
  const headers = { 'content-length': body.length };
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(201, headers).end(body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as AddressInfo;
    const mix = new OrderMix(1, ['none']);
    const sent = await runOpenLoop({
      url: `http://127.0.0.1:${port}`,
      rate,
      seconds: PEER_SECONDS,
      next: () => mix.next(),
      onAnswer: () => undefined,
    });
    return { name: 'bare node:http', accepted: percentiles(sent.map((each) => each.latencyMs)) };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
