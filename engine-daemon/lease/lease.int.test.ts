// The lease on a real database: who gets it, who keeps it, and what its holder is told.
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Bus } from '../../shared/bus/bus.ts';
import { withTransaction } from '../../shared/db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { eventually, passThrough } from '../testing/engine-lab.ts';
import { EngineStopped } from '../stopped.ts';
import { fenceBus } from './fenced-bus.ts';
import { Lease } from './lease.ts';
import { findHolder } from './store.ts';

/** Never runs out in a test that does not mean it to. */
const LONG_MS = 120_000;
const SHORT_MS = 500;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('the lease of a shard', () => {
  const opened: Lease[] = [];
  let shard = 0;
  afterEach(async () => {
    for (const lease of opened.splice(0)) await lease.abandon();
    shard += 1;
  });

  interface Taken {
    readonly lease: Promise<Lease>;
    readonly lost: unknown[];
    readonly standby: AbortController;
  }

  function take(holder: string, leaseMs = LONG_MS): Taken {
    const lost: unknown[] = [];
    const standby = new AbortController();
    const lease = Lease.acquire({
      url: database.urlFor('bourse_engine'),
      shard,
      holder,
      leaseMs,
      log: pino({ level: 'silent' }),
      onLost: (error) => lost.push(error),
      signal: standby.signal,
    });
    lease.then((made) => opened.push(made)).catch(() => undefined);
    return { lease, lost, standby };
  }

  const holder = () => findHolder(database.pool, shard);
  const supersede = () =>
    database.pool.query('UPDATE engine.leases SET epoch = epoch + 1 WHERE shard = $1', [shard]);

  it('is refused to a second engine while the first lives, and passes on when it is given back', async () => {
    const first = await take('a').lease;
    const second = take('b');
    const sameName = take('a');
    second.standby.abort();
    await expect(second.lease).rejects.toThrow('aborted');
    expect(await holder()).toMatchObject({ holder: 'a', epoch: first.epoch });
    await first.release();
    expect((await sameName.lease).epoch).toBe(first.epoch + 1);
    expect(first.isHeld).toBe(false);
  });

  it('passes at once to one of the same name when the holder is killed', async () => {
    const first = await take('a').lease;
    await first.abandon();
    expect((await take('a').lease).epoch).toBe(first.epoch + 1);
  });

  it('passes to another name when a killed holder was silent for a while, before it runs out', async () => {
    const first = await take('a').lease;
    await first.abandon();
    const second = take('b');
    await database.pool.query(
      `UPDATE engine.leases SET renewed_at = renewed_at - interval '1 hour' WHERE shard = $1`,
      [shard],
    );
    expect((await second.lease).epoch).toBe(first.epoch + 1);
    expect((await holder())?.expiresInMs).toBeGreaterThan(0);
  });

  it('is kept by renewing it, and by one whose connections are cut', async () => {
    const { lease, lost } = take('a', SHORT_MS);
    const held = await lease;
    const other = take('b', SHORT_MS);
    for (let cut = 0; cut < 3; cut++) {
      await database.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = $1 AND state = 'idle'`,
        [`bourse-engine-lease-${shard}`],
      );
      await held.whenHeld();
    }
    if (lost.length === 0) expect((await holder())?.holder).toBe('a');
    other.standby.abort();
    await other.lease.catch(() => undefined);
  });

  it('stops its holder from publishing when it may have run out, and lets it go on after', async () => {
    const { lease, lost } = take('a', SHORT_MS);
    const held = await lease;
    const published: number[] = [];
    const bus = fenceBus(recordingBus(published), held, new AbortController().signal);
    let waiting = Promise.resolve();
    await withTransaction(database.pool, async (tx) => {
      await tx.query('LOCK TABLE engine.leases IN ACCESS EXCLUSIVE MODE');
      await eventually(() => expect(held.isHeld).toBe(false));
      waiting = bus.publish([]);
      expect(held.remainingMs).toBe(0);
      expect(published).toEqual([]);
    });
    await waiting;
    expect(published).toEqual([0]);
    expect(lost).toEqual([]);
  });

  it('tells a holder that was followed to end, and publishes nothing of it', async () => {
    const { lease, lost } = take('a', SHORT_MS);
    const held = await lease;
    await supersede();
    await eventually(() => expect(lost.map(String)[0]).toContain('another engine runs shard'));
    expect(held.isHeld).toBe(false);
    const published: number[] = [];
    const bus = fenceBus(recordingBus(published), held, new AbortController().signal);
    await expect(bus.publish([])).rejects.toThrow('another engine runs shard');
    await held.release();
    expect((await holder())?.expiresInMs).toBeGreaterThan(-LONG_MS);
    expect(published).toEqual([]);
  });

  it('ends a publish that waits for it when the engine stops', async () => {
    const { lease } = take('a', SHORT_MS);
    const held = await lease;
    const stop = new AbortController();
    const bus = fenceBus(recordingBus([]), held, stop.signal);
    await withTransaction(database.pool, async (tx) => {
      await tx.query('LOCK TABLE engine.leases IN ACCESS EXCLUSIVE MODE');
      await eventually(() => expect(held.isHeld).toBe(false));
      const waiting = bus.publish([]);
      stop.abort();
      await expect(waiting).rejects.toThrow(EngineStopped);
    });
  });

  it('raises its epoch above one met elsewhere, and goes on renewing', async () => {
    const { lease, lost } = take('a', SHORT_MS);
    const held = await lease;
    await held.raiseAbove(41);
    expect(held.epoch).toBe(42);
    await held.raiseAbove(7);
    expect(held.epoch).toBe(42);
    const before = await renewals();
    await eventually(async () => expect(await renewals()).not.toEqual(before));
    expect(lost).toEqual([]);
    expect(await holder()).toMatchObject({ holder: 'a', epoch: 42 });
    await supersede();
    await expect(held.raiseAbove(99)).rejects.toThrow('another engine runs shard');
  });

  async function renewals(): Promise<unknown> {
    const found = await database.pool.query(
      'SELECT renewed_at FROM engine.leases WHERE shard = $1',
      [shard],
    );
    return found.rows;
  }

  it('fails at once when there is no database to ask', async () => {
    const lease = Lease.acquire({
      url: 'postgres://user@127.0.0.1:1/none',
      shard: 0,
      holder: 'a',
      leaseMs: LONG_MS,
      log: pino({ level: 'silent' }),
      onLost: vi.fn(),
    });
    await expect(lease).rejects.toThrow('ECONNREFUSED');
  });
});

/** Notes how many records each publish has. */
function recordingBus(published: number[]): Bus {
  const nowhere = {} as Bus;
  return {
    ...passThrough(nowhere),
    publish: (records) => {
      published.push(records.length);
      return Promise.resolve();
    },
  };
}
