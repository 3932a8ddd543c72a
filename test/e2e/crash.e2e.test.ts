// The same order flow twice: undisturbed, and with kill -9 of the engine, of Postgres and of
// everything in the middle. The books must end the same, and the audit must find nothing.
import { afterAll, describe, expect, it, onTestFailed } from 'vitest';
import { eventually, Exchange, isAlive, runProgram } from './exchange.ts';

const FLOW = ['--generate', '--seed', '7', '--limit', '800', '--market', 'BTC-USD'];

interface Summary {
  readonly settled: boolean;
  readonly surprises: number;
  readonly trades: number;
  readonly steps: { readonly orders: number; readonly cancels: number };
  readonly books: readonly { readonly sha256: string; readonly asExpected: boolean }[];
}

const exchanges: Exchange[] = [];
afterAll(async () => {
  for (const exchange of exchanges) await exchange.remove();
}, 120_000);

async function open(): Promise<Exchange> {
  const exchange = await Exchange.create();
  exchanges.push(exchange);
  onTestFailed(() => void process.stderr.write(exchange.output));
  return exchange;
}

async function replay(exchange: Exchange): Promise<Summary> {
  const urls = ['--url', exchange.publicUrl, '--own-url', exchange.ownUrl];
  const result = await runProgram('test/replay/main.ts', [...FLOW, ...urls, '--json']);
  expect(result.code, result.output).toBe(0);
  return JSON.parse(result.stdout.slice(result.stdout.indexOf('{'))) as Summary;
}

async function sequenceOf(exchange: Exchange): Promise<number> {
  const book = await exchange
    .call(null, 'GET', '/v1/markets/BTC-USD/book?depth=1')
    .catch(() => null);
  return Number(book?.body['sequence'] ?? 0);
}

async function expectCleanAudit(exchange: Exchange): Promise<void> {
  const audit = await runProgram('test/audit/main.ts', ['--data-dir', exchange.dataDir, '--final']);
  expect(audit.output).not.toContain('VIOLATED');
  expect(audit.code, audit.output).toBe(0);
}

describe('an exchange whose processes are killed', () => {
  it('loses nothing, repeats nothing, and ends with the same book', async () => {
    const calm = await open();
    const expected = await replay(calm);
    expect(expected).toMatchObject({ settled: true, surprises: 0, books: [{ asExpected: true }] });
    expect(expected.trades).toBeGreaterThan(30);
    await expectCleanAudit(calm);

    const shaken = await open();
    const replaying = replay(shaken);
    const reached = (sequence: number) =>
      eventually(
        () => sequenceOf(shaken),
        (now) => now > sequence,
      );
    await reached(200);
    await shaken.kill((await shaken.topology()).enginePid);
    await reached(450);
    await shaken.kill((await shaken.topology()).postgresPid);
    await reached(700);
    const { pid, postgresPid, services, enginePid } = await shaken.topology();
    await shaken.kill(pid, postgresPid);
    // Nothing outlives the emulator that is killed: what it started ends by itself.
    await eventually(
      () => Promise.resolve([enginePid, ...services.map((service) => service.pid)].filter(isAlive)),
      (alive) => alive.length === 0,
    );
    await shaken.start();
    const summary = await replaying;

    expect(summary.settled).toBe(true);
    // A cancel that races a fill is refused at once or by the engine: both lose cleanly, so only
    // what was sent is compared, never how many cancels came too late to be accepted.
    expect(summary.steps).toMatchObject({
      orders: expected.steps.orders,
      cancels: expected.steps.cancels,
    });
    expect(summary.trades).toBe(expected.trades);
    expect(summary.books).toMatchObject([{ asExpected: true, sha256: expected.books[0]?.sha256 }]);
    // Only what was killed has ended: a lost server ends nobody else.
    expect(shaken.output).not.toContain('ended: exit code');
    await expectCleanAudit(shaken);
  }, 300_000);

  it('leaves nothing behind when it is stopped, and audits clean when it is not running', async () => {
    const [exchange] = exchanges;
    if (exchange === undefined) throw new Error('no exchange');
    const { pid, postgresPid, enginePid, services } = await exchange.topology();
    expect(await exchange.stop()).toBe(0);
    const pids = [pid, postgresPid, enginePid, ...services.map((service) => service.pid)];
    expect(pids.filter(isAlive)).toEqual([]);
    await expectCleanAudit(exchange);
  }, 120_000);
});
