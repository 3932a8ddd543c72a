// Kafka is down: orders are taken until the outbox is full, then refused with a time to come back,
// and everything that was taken gets into the log when Kafka is there again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callFunction, type CallAnswer } from '../../shared/function/call.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { startKafka, type KafkaServer } from '../../shared/testing/services/kafka-server.ts';
import { KAFKA_VERSION_DEFAULT } from '../../shared/testing/services/kafka-version.ts';
import { beginPublishing, closeOrders, definition } from './handler.ts';
import { ALICE, createOrdersFixture, published, type OrdersFixture } from './fixture.ts';

const TIMEOUT_MS = 180_000;
const OUTBOX_MAX = 12;
const ORDER = {
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '1',
  quantity: '1',
};

describe('orders while Kafka is gone', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bourse-kafka-gone-'));
  let kafka: KafkaServer;
  let fixture: OrdersFixture;

  beforeAll(async () => {
    kafka = await startKafka({ dir: join(dir, 'kafka'), version: KAFKA_VERSION_DEFAULT });
    fixture = await createOrdersFixture({
      busUrl: `kafka://${kafka.brokers}`,
      outboxWaitingMax: OUTBOX_MAX,
      openOrdersMax: 1_000,
    });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await fixture.close();
    await kafka.kill();
    rmSync(dir, { recursive: true, force: true });
  }, TIMEOUT_MS);

  const place = (deps = fixture.deps): Promise<CallAnswer> =>
    callFunction(definition, deps, {
      caller: ALICE,
      method: 'POST',
      path: '/v1/orders',
      headers: {},
      body: ORDER,
    });
  const cancel = (id: string): Promise<CallAnswer> =>
    fixture.call(ALICE, 'DELETE', `/v1/orders/${id}`);
  const idOf = (answer: CallAnswer): string => (answer.body as { id: string }).id;

  /** Ids of the orders whose placing is in the log, each once however often it was published. */
  async function idsInLog(): Promise<string[]> {
    const numbers = (await fixture.commands())
      .filter((command) => command['kind'] === 'place')
      .map((command) => Number(command['number']));
    return [...new Set(numbers)].map((number) => `ord_${String(number).padStart(16, '0')}`);
  }

  async function rowsWaiting(): Promise<number> {
    const result = await fixture.database.pool.query<{ rows: number }>(
      'SELECT count(*) AS rows FROM orders.outbox',
    );
    return result.rows[0]?.rows ?? -1;
  }

  it(
    'are taken until the outbox is full, refused with 503 then, and lost never',
    async () => {
      const taken = [idOf(await place())];
      await published(fixture);
      await kafka.kill();
      let refused: CallAnswer | null = null;
      while (refused === null) {
        const answer = await place();
        if (answer.status === 201) taken.push(idOf(answer));
        else refused = answer;
      }
      expect(taken).toHaveLength(1 + OUTBOX_MAX);
      expect(refused.status).toBe(503);
      expect(refused.body).toMatchObject({ code: 'SERVICE_BUSY' });
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      // It stays so: nothing is taken that the outbox has no room for.
      for (let n = 0; n < 5; n++) expect((await place()).status).toBe(503);
      // But for cancels, which have room for a quarter more: three.
      for (const id of taken.slice(0, 3)) expect((await cancel(id)).status).toBe(202);
      expect(await cancel(taken[3] ?? '')).toMatchObject({ body: { code: 'SERVICE_BUSY' } });

      // An instance that is started in the outage begins with what the table holds, not with
      // nothing.
      const restarted = fixture.openSecond();
      await beginPublishing(restarted, silentLogger());
      const answers = await Promise.all(Array.from({ length: 5 }, () => place(restarted)));
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
      expect(answers[0]?.body).toMatchObject({ code: 'SERVICE_BUSY' });
      expect(Number(answers[0]?.headers['retry-after'])).toBeGreaterThan(0);
      expect(await rowsWaiting()).toBe(OUTBOX_MAX + 3);
      await closeOrders(restarted);

      await kafka.start();
      await vi.waitFor(() => expect(fixture.deps.outbox.waiting()).toBe(0), {
        timeout: TIMEOUT_MS / 2,
      });
      const after = await place();
      expect(after.status).toBe(201);
      taken.push(idOf(after));
      await published(fixture);
      expect(await idsInLog()).toEqual(taken);
    },
    TIMEOUT_MS,
  );
});
