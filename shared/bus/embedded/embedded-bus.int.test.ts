// What only the embedded log promises: gapless offsets in commit order under concurrency and broken
// connections, retention, and who may do what.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseRole } from '../../db/roles.ts';
import { TerminalError } from '../../domain/failure.ts';
import { TOPICS } from '../../events/catalog.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { collectTail, eventually, freshGroup, freshTopic, gate } from '../contract/harness.ts';
import { numberedRecords, numbers, textRecord, texts } from '../contract/harness.ts';
import { EmbeddedBus, type EmbeddedBusOptions } from './embedded-bus.ts';
import { trimExpired } from './retention.ts';

const ignore = (): void => undefined;

let database: TestDatabase;
const buses: EmbeddedBus[] = [];

function open(options: Partial<EmbeddedBusOptions> = {}): EmbeddedBus {
  const bus = new EmbeddedBus({
    url: database.urlFor('bourse_bus'),
    applicationName: 'embedded-test',
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    ...options,
  });
  buses.push(bus);
  return bus;
}

/** Makes records look older than they are; history is read-only for everybody else. */
async function backdate(topic: string, belowOffset: number, ageMs: number): Promise<void> {
  await database.pool.query(`
    BEGIN;
    ALTER TABLE log.records DISABLE TRIGGER records_append_only;
    UPDATE log.records AS r SET created_at = created_at - ${ageMs} * interval '1 millisecond'
    FROM log.topics AS t
    WHERE t.name = '${topic}' AND r.topic_id = t.topic_id AND r.record_offset < ${belowOffset};
    ALTER TABLE log.records ENABLE TRIGGER records_append_only;
    COMMIT`);
}

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
});
afterAll(() => database.drop());

describe('the rights on the embedded log', () => {
  it.each([
    `INSERT INTO log.records VALUES (1, 0, 0, NULL, '{}', '', now())`,
    `UPDATE log.records SET key = 'x'`,
    'DELETE FROM log.records',
    'TRUNCATE log.records',
    'UPDATE log.partitions SET next_offset = 0',
    `SELECT log.provision('mine', 1, -1)`,
    'SELECT log.trim(1, 0, now(), 1)',
    `SELECT log.commit_offset('g', 'm', 1, 0, 1, 1)`,
    'SELECT * FROM log.group_partitions',
  ])('refuse a writer to %s', async (statement) => {
    const pool = database.poolFor('bourse_orders', 1);
    await expect(pool.query(statement)).rejects.toThrow('permission denied');
  });

  it.each([`UPDATE log.records SET key = 'x'`, 'TRUNCATE log.records'])(
    'refuse the bus itself to %s, and even the owner',
    async (statement) => {
      const pool = database.poolFor('bourse_bus', 1);
      await expect(pool.query(statement)).rejects.toThrow('permission denied');
      await expect(database.pool.query(statement)).rejects.toThrow('append-only');
    },
  );

  it('refuse a writer to provision or to join a group, as a failure that stays', async () => {
    const topic = await freshTopic(open());
    const bus = open({ url: database.urlFor('bourse_engine') });
    await expect(bus.provision([{ name: 'x', partitions: 1, retentionMs: -1 }])).rejects.toThrow(
      TerminalError,
    );
    const joined = bus.joinGroup({
      group: freshGroup(),
      topics: [topic],
      initialOffset: 'earliest',
      batchMax: 1,
      onBatch: () => Promise.resolve(),
      onError: ignore,
    });
    await expect(joined).rejects.toThrow(TerminalError);
  });

  it('let a writer publish to its topics and tail', async () => {
    const topic = await freshTopic(open());
    await database.pool.query('INSERT INTO log.publishers VALUES ($1, $2)', [
      'bourse_engine',
      topic,
    ]);
    const bus = open({ url: database.urlFor('bourse_engine') });
    const tail = await collectTail(bus, topic);
    await bus.publish(numberedRecords(topic, 3));
    await eventually(() => expect(texts(tail.records)).toEqual(numbers(3)));
  });
});

describe('who may append to which topic', () => {
  /** As the catalog says who makes which event (EVENTS), by the role of their login. */
  const PUBLISHERS: Readonly<Record<string, readonly DatabaseRole[]>> = {
    'orders.accepted': ['bourse_admin', 'bourse_engine', 'bourse_orders', 'bourse_reference'],
    'engine.executions': ['bourse_engine'],
    'mail.requested': ['bourse_users'],
    'audit.anchors': ['bourse_audit_anchor'],
    'dead-letters': ['bourse_engine'],
  };

  it('is listed, topic by topic, and everybody else is refused', async () => {
    await open().provision(Object.values(TOPICS));
    const logins = await database.pool.query<{ role: DatabaseRole }>(
      `SELECT rolname AS role FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'bourse\\_%'
         AND pg_has_role(rolname, 'bourse_bus_user', 'USAGE') AND rolname <> 'bourse_bus'
       ORDER BY 1`,
    );
    const roles = logins.rows.map(({ role }) => role);
    expect(roles.length).toBeGreaterThan(5);
    expect(Object.keys(PUBLISHERS).sort()).toEqual(
      Object.values(TOPICS)
        .map(({ name }) => name)
        .sort(),
    );
    for (const role of roles) {
      const bus = open({ url: database.urlFor(role), connectionsMax: 1 });
      for (const [topic, allowed] of Object.entries(PUBLISHERS)) {
        const outcome = await bus.publish(numberedRecords(topic, 1)).then(
          () => 'published',
          (error: unknown) => (error instanceof TerminalError ? 'refused' : String(error)),
        );
        const wanted = allowed.includes(role) ? 'published' : 'refused';
        expect([role, topic, outcome]).toEqual([role, topic, wanted]);
      }
    }
  });
});

describe('appending from many processes at once', () => {
  it('gives out gapless offsets in commit order, also when connections break', async () => {
    const topic = await freshTopic(open(), 2);
    const tails = [
      await collectTail(open(), topic, 0, { partition: 0, batchMax: 50 }),
      await collectTail(open(), topic, 0, { partition: 1, batchMax: 50 }),
    ];
    const publishers = Array.from({ length: 20 }, () => open({ connectionsMax: 1 }));
    const acknowledged = await Promise.all(
      publishers.map(async (bus, p) => {
        const sent: string[] = [];
        for (let n = 0; n < 25; n++) {
          // Both partitions in one call, in either order: appends must not deadlock.
          const records = [0, 1].map((partition) => textRecord(topic, `${p}.${n}`, { partition }));
          if (p % 2 === 1) records.reverse();
          await bus.publish(records).then(() => sent.push(`${p}.${n}`), ignore);
          if (p === 0 && n % 8 === 4) await terminateAll();
        }
        return sent;
      }),
    );
    for (const [partition, tail] of tails.entries()) {
      const { next } = await open().offsets(topic, partition);
      await eventually(() => expect(tail.records).toHaveLength(next));
      expect(tail.records.map((record) => record.offset)).toEqual(numbers(next).map(Number));
      expect(tail.errors).toEqual([]);
      const seen = texts(tail.records);
      for (const [p, sent] of acknowledged.entries()) {
        const own = seen.filter((text) => text.startsWith(`${p}.`) && sent.includes(text));
        expect(own).toEqual(sent);
      }
    }
    expect(acknowledged.flat().length).toBeGreaterThan(0);
  });

  it('fetches bounded amounts, however large the records are', async () => {
    const bus = open();
    const topic = await freshTopic(bus);
    const value = Buffer.alloc(900_000, 'x');
    await bus.publish(numberedRecords(topic, 12).map((record) => ({ ...record, value })));
    const tail = await collectTail(bus, topic);
    await eventually(() => expect(tail.records).toHaveLength(12));
    expect(Math.max(...tail.batchSizes)).toBeLessThan(12);
  });
});

async function terminateAll(): Promise<void> {
  await database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND usename = 'bourse_bus'`,
  );
}

describe('retention', () => {
  it('deletes what is older, keeps the rest, and never touches what is kept for ever', async () => {
    const bus = open();
    const eternal = await freshTopic(bus);
    const topic = `${eternal}.short`;
    await bus.provision([{ name: topic, partitions: 1, retentionMs: 60_000 }]);
    for (const name of [eternal, topic]) {
      await bus.publish(numberedRecords(name, 10));
      await backdate(name, 6, 120_000);
    }
    expect(await trimExpired(database.poolFor('bourse_bus'))).toBe(6);
    expect(await trimExpired(database.poolFor('bourse_bus'))).toBe(0);
    expect(await bus.offsets(topic, 0)).toEqual({ first: 6, next: 10 });
    expect(await bus.offsets(eternal, 0)).toEqual({ first: 0, next: 10 });
    await expect(collectTail(bus, topic, 5)).rejects.toThrow('it holds 6 to 10');
    const tail = await collectTail(bus, topic, 6);
    await eventually(() => expect(texts(tail.records)).toEqual(['6', '7', '8', '9']));
  });

  it('can empty a partition; offsets go on from where they were', async () => {
    const bus = open({ retentionIntervalMs: 20 });
    const topic = `${freshGroup()}.short`;
    await bus.provision([{ name: topic, partitions: 1, retentionMs: 60_000 }]);
    await bus.publish(numberedRecords(topic, 4));
    await backdate(topic, 4, 120_000);
    await eventually(async () => {
      expect(await bus.offsets(topic, 0)).toEqual({ first: 4, next: 4 });
    });
    await bus.publish([textRecord(topic, 'new')]);
    const tail = await collectTail(bus, topic, 4);
    await eventually(() => expect(tail.records.map(({ offset }) => offset)).toEqual([4]));
  });

  it('ends a tail that it has overtaken rather than skip records silently', async () => {
    const bus = open();
    const topic = `${freshGroup()}.short`;
    await bus.provision([{ name: topic, partitions: 1, retentionMs: 60_000 }]);
    await bus.publish(numberedRecords(topic, 6));
    const slow = gate();
    const begun = gate();
    const seen: string[] = [];
    const errors: unknown[] = [];
    await bus.tail({
      topic,
      partition: 0,
      from: 0,
      batchMax: 1,
      onBatch: async (records) => {
        seen.push(...texts(records));
        begun.open();
        await slow.opened;
      },
      onError: (error) => errors.push(error),
    });
    await begun.opened;
    await backdate(topic, 6, 120_000);
    expect(await trimExpired(database.poolFor('bourse_bus'))).toBe(6);
    slow.open();
    await bus.publish([textRecord(topic, 'new')]);
    await eventually(() => expect(errors).toHaveLength(1));
    expect(String(errors[0])).toContain('offsets 1 to 5 are no longer kept');
    expect(seen).toEqual(['0']);
  });
});
