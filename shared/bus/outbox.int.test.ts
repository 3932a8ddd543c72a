// The outbox on a real database and the embedded log: order, repetition, what a crash leaves
// behind.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withTransaction, type Pool } from '../db/pool.ts';
import { RetryableError, TerminalError } from '../domain/failure.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import type { Bus, OutgoingRecord } from './bus.ts';
import type { BusLog } from './bus-log.ts';
import { collectTail, eventually, freshTopic, numbers, texts } from './contract/harness.ts';
import { EmbeddedBus } from './embedded/embedded-bus.ts';
import { Outbox, type OutboxOptions, type OutboxRow } from './outbox.ts';

const ignore = (): void => undefined;
const log: BusLog = { debug: ignore, info: ignore, warn: ignore, error: ignore };

let database: TestDatabase;
let pool: Pool;
let bus: Bus;
let topic: string;
const outboxes: Outbox[] = [];

/** A bus whose publishes can be made to fail: the rest of it is the real one. */
function unreliableBus(fails: (records: readonly OutgoingRecord[]) => Error | null): Bus {
  const publish = async (records: readonly OutgoingRecord[]): Promise<void> => {
    const error = fails(records);
    if (error !== null) throw error;
    await bus.publish(records);
  };
  return Object.create(bus, { publish: { value: publish } }) as Bus;
}

function openOutbox(options: Partial<OutboxOptions> = {}): Outbox {
  const outbox = new Outbox({ pool, schema: 'orders', bus, log, ...options });
  outboxes.push(outbox);
  return outbox;
}

function row(value: string): OutboxRow {
  return { topic, partition: 0, key: 'BTC-USD', headers: { ce_type: 'test' }, value };
}

async function insert(outbox: Outbox, values: readonly string[]): Promise<readonly number[]> {
  return withTransaction(pool, (tx) => outbox.insert(tx, values.map(row)));
}

async function countRows(): Promise<number> {
  const result = await pool.query<{ count: number }>('SELECT count(*) FROM orders.outbox');
  return result.rows[0]?.count ?? -1;
}

async function logged(): Promise<string[]> {
  const { next } = await bus.offsets(topic, 0);
  const tail = await collectTail(bus, topic);
  await eventually(() => expect(tail.records).toHaveLength(next));
  await tail.stop();
  return texts(tail.records);
}

beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.poolFor('bourse_orders');
  bus = new EmbeddedBus({ url: database.url, applicationName: 'outbox-test', log });
});
beforeEach(async () => {
  topic = await freshTopic(bus);
});
afterEach(async () => {
  await Promise.all(outboxes.splice(0).map((outbox) => outbox.stop()));
  await pool.query('DELETE FROM orders.outbox');
});
afterAll(async () => {
  await bus.close();
  await database.drop();
});

describe('an outbox', () => {
  it('refuses a schema that is not a plain name', () => {
    expect(() => openOutbox({ schema: 'orders; DROP' })).toThrow(TerminalError);
  });

  it('publishes nothing of a transaction that was rolled back', async () => {
    const outbox = openOutbox();
    const failed = withTransaction(pool, async (tx) => {
      await outbox.insert(tx, [row('never')]);
      throw new Error('refused');
    });
    await expect(failed).rejects.toThrow('refused');
    expect(await outbox.sweep(0)).toBe(0);
    expect(await logged()).toEqual([]);
  });

  it('keeps the records as they were', async () => {
    const outbox = openOutbox();
    const value = '{"text":"żółw \\u0000 🐢","n":1}';
    await outbox.publishNow(await insert(outbox, [value]));
    const tail = await collectTail(bus, topic);
    await eventually(() => expect(tail.records).toHaveLength(1));
    expect(tail.records[0]).toMatchObject({ key: 'BTC-USD', headers: { ce_type: 'test' } });
    expect(texts(tail.records)).toEqual([value]);
  });

  it('publishes in the order of the calls and deletes what is published', async () => {
    const outbox = openOutbox();
    const published: Promise<void>[] = [];
    for (let n = 0; n < 60; n += 3) {
      const ids = await insert(outbox, numbers(n + 3).slice(n));
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      published.push(outbox.publishNow(ids));
    }
    await Promise.all(published);
    expect(outbox.waiting()).toBe(0);
    expect(await logged()).toEqual(numbers(60));
    await eventually(async () => expect(await countRows()).toBe(0));
  });

  it('repeats a failed publish before anything that follows, and says when it is full', async () => {
    let failures = 3;
    const failing = unreliableBus(() => (failures-- > 0 ? new RetryableError('away') : null));
    const outbox = openOutbox({ bus: failing, waitingMax: 2 });
    const first = outbox.publishNow(await insert(outbox, ['0']));
    expect(outbox.isFull).toBe(false);
    const second = outbox.publishNow(await insert(outbox, ['1']));
    expect(outbox.waiting()).toBe(2);
    expect(outbox.isFull).toBe(true);
    await Promise.all([first, second]);
    expect(outbox.isFull).toBe(false);
    expect(await logged()).toEqual(['0', '1']);
  });

  it('is full when the table is, whoever wrote the rows: an instance that starts anew, too', async () => {
    await insert(openOutbox(), ['0', '1']);
    const away = unreliableBus(() => new RetryableError('away'));
    const outbox = openOutbox({ bus: away, waitingMax: 3, lookIntervalMs: 10 });
    await outbox.look();
    expect(outbox.isFull).toBe(false);
    const published = expect(outbox.publishNow(await insert(outbox, ['2']))).rejects.toThrow(
      RetryableError,
    );
    expect([outbox.waiting(), outbox.isFull]).toEqual([1, true]);
    await outbox.stop();
    await published;

    const next = openOutbox({ bus: away, waitingMax: 3, lookIntervalMs: 10 });
    await next.look();
    expect([next.waiting(), next.isFull, next.isOverfull]).toEqual([0, true, false]);
    // A quarter more is for what must still get through.
    await insert(openOutbox(), ['3']);
    await next.look();
    expect([next.isFull, next.isOverfull]).toEqual([true, true]);
    // It does not stay so for ever: what others publish is seen at the next look.
    next.startSweeper();
    expect(await openOutbox().sweep(0)).toBe(4);
    await eventually(() => expect(next.isFull).toBe(false));
  });

  it('does not count its own rows twice, whenever it looks', async () => {
    const outbox = openOutbox({
      bus: unreliableBus(() => new RetryableError('away')),
      waitingMax: 2,
    });
    const ids = await insert(outbox, ['0']);
    // Committed and not yet said to be published: it looks like somebody else's.
    await outbox.look();
    const published = expect(outbox.publishNow(ids)).rejects.toThrow(RetryableError);
    expect(outbox.isFull).toBe(false);
    await outbox.look();
    expect(outbox.isFull).toBe(false);
    await outbox.stop();
    await published;
  });

  it('has room again at once when its own sweep has published the rows', async () => {
    await insert(openOutbox(), ['0', '1']);
    const outbox = openOutbox({ waitingMax: 2 });
    await outbox.look();
    expect(outbox.isFull).toBe(true);
    expect(await outbox.sweep(0)).toBe(2);
    expect(outbox.isFull).toBe(false);
  });

  it('leaves unpublished rows in the table when it is stopped; the next run sweeps them', async () => {
    const away = unreliableBus(() => new RetryableError('away'));
    const outbox = openOutbox({ bus: away });
    const ids = await insert(outbox, ['0', '1']);
    const published = expect(outbox.publishNow(ids)).rejects.toThrow(RetryableError);
    await outbox.stop();
    await published;
    await expect(outbox.publishNow(ids)).rejects.toThrow(RetryableError);
    expect(await countRows()).toBe(2);
    const next = openOutbox();
    next.startSweeper();
    await eventually(async () => expect(await countRows()).toBe(0));
    expect(await logged()).toEqual(['0', '1']);
  });

  it('publishes rows that it has not written itself, when told to', async () => {
    const ids = await insert(openOutbox(), ['0', '1']);
    await openOutbox().publishNow(ids);
    expect(await logged()).toEqual(['0', '1']);
  });
});

describe('the sweeper', () => {
  it('leaves young rows to the instance that wrote them', async () => {
    const outbox = openOutbox();
    await insert(openOutbox(), ['0']);
    expect(await outbox.sweep(60_000)).toBe(0);
    expect(await countRows()).toBe(1);
  });

  it('takes rows of a future that the clock of the database has left, however young', async () => {
    await insert(openOutbox(), ['0']);
    await database.pool.query(
      `UPDATE orders.outbox SET created_at = clock_timestamp() + interval '1 hour'`,
    );
    expect(await openOutbox().sweep(60_000)).toBe(1);
    expect(await logged()).toEqual(['0']);
  });

  it('sweeps in batches, in order, and nothing that waits in its own instance', async () => {
    await insert(openOutbox(), numbers(1_200));
    let away = true;
    const failing = unreliableBus((records) =>
      away && records.length === 1 ? new RetryableError('away') : null,
    );
    const outbox = openOutbox({ bus: failing });
    const own = outbox.publishNow(await insert(outbox, ['own']));
    expect(await outbox.sweep(0)).toBe(1_200);
    expect(await logged()).toEqual(numbers(1_200));
    away = false;
    await own;
    expect((await logged()).at(-1)).toBe('own');
  });

  it('keeps rows whose publish failed', async () => {
    await insert(openOutbox(), ['0']);
    const outbox = openOutbox({ bus: unreliableBus(() => new RetryableError('away')) });
    await expect(outbox.sweep(0)).rejects.toThrow('away');
    expect(await countRows()).toBe(1);
  });

  it('lets one sweep at a time', async () => {
    await insert(openOutbox(), numbers(400));
    const swept = await Promise.all([openOutbox().sweep(0), openOutbox().sweep(0)]);
    expect([...swept].sort((a, b) => a - b)).toEqual([0, 400]);
    expect(await logged()).toEqual(numbers(400));
  });

  it('knows its own rows from their publishing until they are gone from the table', async () => {
    const outbox = openOutbox();
    const foreign = await insert(openOutbox(), ['foreign']);
    const ids = await insert(outbox, ['own']);
    // Inserted is not committed: only who says so with publishNow vouches for a row.
    expect(ids.map((id) => outbox.isOwn(id))).toEqual([false]);
    expect(foreign.map((id) => outbox.isOwn(id))).toEqual([false]);
    const publishing = outbox.publishNow(ids);
    expect(ids.map((id) => outbox.isOwn(id))).toEqual([true]);
    await publishing;
    await eventually(() => expect(ids.map((id) => outbox.isOwn(id))).toEqual([false]));
    expect(await countRows()).toBe(1);
  });
});
