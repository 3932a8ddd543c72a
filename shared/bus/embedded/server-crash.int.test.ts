// The embedded log when the database server itself is killed and started again.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, readMigrations } from '../../db/migrate.ts';
import { createPool } from '../../db/pool.ts';
import { RetryableError } from '../../domain/failure.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../testing/embedded-postgres.ts';
import { collectTail, eventually, freshGroup, freshTopic } from '../contract/harness.ts';
import { numbers, textRecord, texts } from '../contract/harness.ts';
import { EmbeddedBus } from './embedded-bus.ts';

const ignore = (): void => undefined;

describe('the embedded log when Postgres is killed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bourse-crash-'));
  chmodSync(dir, 0o755);
  let postgres: EmbeddedPostgres;

  beforeAll(async () => {
    postgres = await startEmbeddedPostgres({ dir });
    const pool = createPool({ url: postgres.url, applicationName: 'test', connectionsMax: 2 });
    await migrate(pool, await readMigrations());
    await pool.end();
  });
  afterAll(async () => {
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('loses nothing it acknowledged, and consumers go on where they were', async () => {
    const bus = new EmbeddedBus({
      url: postgres.url,
      applicationName: 'crash-test',
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    });
    const topic = await freshTopic(bus);
    const tail = await collectTail(bus, topic);
    const grouped: number[] = [];
    const errors: unknown[] = [];
    const member = await bus.joinGroup({
      group: freshGroup(),
      topics: [topic],
      initialOffset: 'earliest',
      batchMax: 10,
      onBatch: (records) => {
        grouped.push(...records.map((record) => record.offset));
        return Promise.resolve();
      },
      onError: (error) => errors.push(error),
    });
    const acknowledged: string[] = [];
    let lost = 0;
    for (let n = 0; n < 40; n++) {
      if (n === 20) {
        process.kill(postgres.pid, 'SIGKILL');
        // A killed child that nobody has waited for still looks alive to the next start.
        await postgres.exited;
      }
      try {
        await bus.publish([textRecord(topic, String(n))]);
        acknowledged.push(String(n));
      } catch (error) {
        expect(error).toBeInstanceOf(RetryableError);
        lost += 1;
        if (lost === 1) postgres = await startEmbeddedPostgres({ dir, port: postgres.port });
      }
    }
    await eventually(() => bus.publish([textRecord(topic, 'last')]));
    const { next } = await bus.offsets(topic, 0);
    await eventually(() => expect(tail.records).toHaveLength(next));
    expect(tail.records.map((record) => record.offset)).toEqual(numbers(next).map(Number));
    expect(texts(tail.records).filter((text) => acknowledged.includes(text))).toEqual(acknowledged);
    await eventually(() => expect(new Set(grouped).size).toBe(next));
    await eventually(async () => expect(await member.commit(topic, 0, next)).toBe(true));
    expect([tail.errors, errors]).toEqual([[], []]);
    expect(lost).toBeGreaterThan(0);
    await bus.close();
  });
});
