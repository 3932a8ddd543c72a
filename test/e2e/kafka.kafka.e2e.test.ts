// The exchange on a real Kafka: the trade of the README, then an order flow through the middle of
// which the broker is killed. Nothing may be lost, and nobody lends a hand.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { startKafka, type KafkaServer } from '../../shared/testing/services/kafka-server.ts';
import { KAFKA_VERSION_DEFAULT } from '../../shared/testing/services/kafka-version.ts';
import { eventually, Exchange, runProgram } from './exchange.ts';

const TIMEOUT_MS = 300_000;
const FLOW = ['--generate', '--seed', '11', '--limit', '300', '--market', 'BTC-USD'];
/** Long enough for every client to notice. */
const OUTAGE_MS = 5_000;

const ORDER = { market: 'BTC-USD', type: 'limit', price: '30000', quantity: '0.5' };
const WAIT = { prefer: 'wait=10' };

const dir = mkdtempSync(join(tmpdir(), 'bourse-e2e-kafka-'));
const environment = { KAFKA_TOPIC_PREFIX: `e2e-${randomUUID()}.` };
let kafka: KafkaServer;
let exchange: Exchange;

beforeAll(async () => {
  kafka = await startKafka({ dir: join(dir, 'kafka'), version: KAFKA_VERSION_DEFAULT });
  exchange = await Exchange.createIn(environment, '--kafka', kafka.brokers);
}, TIMEOUT_MS);
afterAll(async () => {
  await exchange.remove();
  await kafka.kill();
  rmSync(dir, { recursive: true, force: true });
}, TIMEOUT_MS);

async function expectCleanAudit(): Promise<void> {
  const flags = ['--data-dir', exchange.dataDir, '--kafka', kafka.brokers, '--final'];
  const audit = await runProgram('test/audit/main.ts', flags, environment);
  expect(audit.output).not.toContain('VIOLATED');
  expect(audit.code, audit.output).toBe(0);
}

describe('an exchange on Kafka', () => {
  it('refuses to throw topics away unasked', async () => {
    const answer = await exchange.own('POST', '/reset');
    expect(answer.status).toBe(403);
    expect(answer.body['detail']).toContain('--reset-topics');
  });

  it('trades as on its own log', async () => {
    onTestFailed(() => void process.stderr.write(exchange.output));
    const [alice, bob] = [await exchange.token('alice'), await exchange.token('bob')];
    const sell = { ...ORDER, side: 'sell' };
    const buy = { ...ORDER, side: 'buy' };
    const resting = await exchange.call(alice, 'POST', '/v1/orders', sell, WAIT);
    expect(resting.body).toMatchObject({ status: 'open' });
    const filled = await exchange.call(bob, 'POST', '/v1/orders', buy, WAIT);
    expect(filled.body).toMatchObject({ status: 'filled', filledQuantity: '0.5' });
    const balances = await eventually(
      () => exchange.balances(bob),
      (now) => now['USD']?.['held'] === '0' && now['BTC']?.['total'] !== '100',
    );
    expect(balances['BTC']?.['total']).toBe('100.499');
    expect(balances['USD']?.['total']).toBe('9985000');
  });

  it(
    'loses nothing when the broker is killed in the middle, and catches up by itself',
    async () => {
      onTestFailed(() => void process.stderr.write(exchange.output));
      const urls = ['--url', exchange.publicUrl, '--own-url', exchange.ownUrl];
      const replaying = runProgram('test/replay/main.ts', [...FLOW, ...urls, '--json']);
      await eventually(
        async () => {
          const path = '/v1/markets/BTC-USD/book?depth=1';
          const book = await exchange.call(null, 'GET', path);
          return Number(book.body['sequence'] ?? 0);
        },
        (sequence) => sequence > 80,
      );
      await kafka.kill();
      await sleep(OUTAGE_MS);
      await kafka.start();
      const replay = await replaying;
      expect(replay.code, replay.output).toBe(0);
      const summary: unknown = JSON.parse(replay.stdout.slice(replay.stdout.indexOf('{')));
      expect(summary).toMatchObject({ settled: true, surprises: 0, books: [{ asExpected: true }] });
      // Only the broker has ended: a lost log ends nobody else.
      expect(exchange.output).not.toContain('ended: exit code');
      await expectCleanAudit();
    },
    TIMEOUT_MS,
  );

  it(
    'goes on where it was after everything was killed at once',
    async () => {
      onTestFailed(() => void process.stderr.write(exchange.output));
      const { pid, postgresPid } = await exchange.topology();
      await Promise.all([exchange.kill(pid, postgresPid), kafka.kill()]);
      await kafka.start();
      await exchange.start();
      const bob = await exchange.token('bob');
      const order = { ...ORDER, side: 'buy', price: '1' };
      const resting = await exchange.call(bob, 'POST', '/v1/orders', order, WAIT);
      expect(resting.body).toMatchObject({ status: 'open' });
      await expectCleanAudit();
      // The same database beside a log that holds nothing: the audit must not be content.
      const flags = ['--data-dir', exchange.dataDir, '--kafka', kafka.brokers];
      const elsewhere = { KAFKA_TOPIC_PREFIX: 'nobody.' };
      const audit = await runProgram('test/audit/main.ts', flags, elsewhere);
      expect(audit.output).toContain('M1 VIOLATED');
      expect(audit.code).toBe(1);
    },
    TIMEOUT_MS,
  );
});
