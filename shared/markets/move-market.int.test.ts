// A move from the operator's side: refusals, and that every step waits for what it must and is done
// once. The engine is played by the test, which publishes what an engine would.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, IncomingRecord } from '../bus/bus.ts';
import { openBus } from '../bus/open-bus.ts';
import { Outbox } from '../bus/outbox.ts';
import type { Pool } from '../db/pool.ts';
import { RetryableError, TerminalError } from '../domain/failure.ts';
import type { MarketId } from '../domain/ids.ts';
import { EVENTS, TOPICS } from '../events/catalog.ts';
import { encodeEvent } from '../events/envelope.ts';
import type { MarketHandedOver, MarketTakenOver } from '../events/market-moves.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { applyMarket, applyStatus, findMarket, saveAssets } from './market-store.ts';
import { forwardRecord } from './forward-record.ts';
import { moveMarket } from './move-market.ts';
import { closeMarket, findMove, handOverMarket, openMarket } from './move-store.ts';
import { cutState } from './state-pieces.ts';
import { BTC_USD } from './testing/btc-usd.ts';

const INPUT = TOPICS['orders.accepted'].name;
const SHARDS = 3;
const ASSETS = [
  'BTC',
  'ETH',
  'SOL',
  'XRP',
  'ADA',
  'DOT',
  'LTC',
  'BCH',
  'EOS',
  'XLM',
  'TRX',
  'UNI',
  'ETC',
  'FIL',
  'NEO',
];

let database: TestDatabase;
let bus: Bus;
let outbox: Outbox;
let reference: Pool;
let made = 0;
/** A market of its own for each test, on shard 0. */
let market: MarketId;
beforeAll(async () => {
  database = await createTestDatabase();
  const log = silentLogger();
  bus = openBus({ url: database.url, applicationName: 'test', log });
  await bus.provision(
    Object.values(TOPICS).map(({ name, retentionMs }) => {
      return { name, retentionMs, partitions: SHARDS };
    }),
  );
  reference = database.poolFor('bourse_reference', 8);
  outbox = new Outbox({ pool: pool(), schema: 'reference', bus, log });
  await saveAssets(
    pool(),
    [...ASSETS, 'USD'].map((asset) => ({ asset, name: asset, decimals: 8 })),
  );
});
afterAll(async () => {
  await outbox.stop();
  await bus.close();
  await database.drop();
});
beforeEach(async () => {
  const base = ASSETS[made] ?? '';
  made += 1;
  market = `${base}-USD`;
  await applyMarket(pool(), outbox, { ...BTC_USD, market, base });
});

const pool = () => reference;

function move(
  toShard: number,
  more: { stepTimeoutMs?: number; tell?: (line: string) => void } = {},
) {
  return moveMarket({
    pool: pool(),
    outbox,
    bus,
    market,
    toShard,
    tell: () => undefined,
    stepTimeoutMs: 20_000,
    ...more,
  });
}

async function records(partition: number, type: string): Promise<IncomingRecord[]> {
  const { next } = await bus.offsets(INPUT, partition);
  const found: IncomingRecord[] = [];
  if (next === 0) return found;
  await new Promise<void>((done, fail) => {
    const tail = bus.tail({
      topic: INPUT,
      partition,
      from: 0,
      batchMax: 100,
      onBatch: (batch) => {
        found.push(...batch);
        if ((batch.at(-1)?.offset ?? 0) >= next - 1)
          tail.then((each) => each.stop()).then(done, fail);
        return Promise.resolve();
      },
      onError: fail,
    });
    tail.catch(fail);
  });
  return found.filter(({ key, headers }) => key === market && headers['ce_type'] === type);
}

function handOvers(partition: number): Promise<IncomingRecord[]> {
  return records(partition, EVENTS.marketHandedOver.type);
}

function piecesOf(handOver: MarketHandedOver): MarketTakenOver[] {
  const bytes = Buffer.from('the state of the market');
  return cutState(handOver, { sequence: 1, stateHash: 'ab'.repeat(32), bytes }, 10);
}

async function publishPieces(pieces: readonly MarketTakenOver[]): Promise<void> {
  await bus.publish(
    pieces.map((piece) => {
      const head = { id: 'test', source: '/test', timeMs: 0 };
      const { topic, key, headers, data } = encodeEvent('marketTakenOver', market, piece, head);
      return { topic, partition: piece.toShard, key, headers, value: Buffer.from(data) };
    }),
  );
}

/** Does what the engine of the old shard does once it is told. */
async function playEngine(partition: number): Promise<void> {
  for (;;) {
    const told = await handOvers(partition);
    const last = told.at(-1);
    if (last !== undefined) {
      await publishPieces(piecesOf(JSON.parse(last.value.toString()) as MarketHandedOver));
      return;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function state(): Promise<string> {
  const stored = await findMarket(pool(), market);
  const latest = await findMove(pool(), market);
  return `shard ${stored?.shard ?? ''}, to ${stored?.movingTo ?? '-'}, ${latest?.step ?? '-'}`;
}

describe('a move', () => {
  it.each([
    ['of an unknown market', () => (market = 'AA-BB'), 1, 'no market AA-BB'],
    ['to the shard where the market is', () => market, 0, 'is on shard 0'],
    ['to a shard that does not exist', () => market, SHARDS, `there is no shard ${SHARDS}`],
  ])('is refused %s, and nothing is closed', async (_, prepare, toShard, problem) => {
    prepare();
    const before = await state();
    const refused = move(toShard);
    await expect(refused).rejects.toThrow(problem);
    await expect(refused).rejects.toBeInstanceOf(TerminalError);
    expect(await state()).toBe(before);
  });

  it('is refused while the market is on its way elsewhere; so is any other change', async () => {
    await closeMarket(pool(), market, 1);
    await expect(move(2)).rejects.toThrow('is moving to shard 1');
    await expect(closeMarket(pool(), market, 2)).rejects.toThrow('is moving to shard 1');
    await expect(applyStatus(pool(), outbox, market, 'halted')).rejects.toThrow('finish the move');
    expect(await state()).toBe('shard 0, to 1, closed');
    await Promise.all([move(1), playEngine(0)]);
    expect(await state()).toBe('shard 1, to -, opened');
    await applyStatus(pool(), outbox, market, 'halted');
    expect(await records(1, EVENTS.commandsAccepted.type)).toHaveLength(1);
  });

  it('takes a halted market as it is, and a file that names no shard leaves it there', async () => {
    await applyStatus(pool(), outbox, market, 'halted');
    await Promise.all([move(1), playEngine(0)]);
    const stored = await findMarket(pool(), market);
    expect(stored).toMatchObject({ status: 'halted', shard: 1, movingTo: null });
    if (stored === null) return;
    await expect(applyMarket(pool(), outbox, stored.config, 'trading', 0)).rejects.toThrow('shard');
    await applyMarket(pool(), outbox, stored.config, 'trading');
    expect(await findMarket(pool(), market)).toMatchObject({ status: 'trading', shard: 1 });
  });

  it('closes only when nobody is left who has read the market open', async () => {
    const reader = await database.poolFor('bourse_orders', 1).connect();
    await reader.query('BEGIN');
    await reader.query('SELECT shard FROM reference.markets WHERE market = $1', [market]);
    await expect(closeMarket(pool(), market, 1)).rejects.toThrow(/lock timeout/);
    expect(await state()).toBe('shard 0, to -, -');
    const closing = Promise.all([move(1), playEngine(0)]);
    await new Promise((done) => setTimeout(done, 300));
    expect(await state()).toBe('shard 0, to -, -');
    // What it wrote on what it read is in the log before the hand-over.
    await reader.query(
      `INSERT INTO orders.outbox (topic, partition, key, headers, value)
       VALUES ('orders.accepted', 0, $1, '{"ce_type":"late"}', 'late')`,
      [market],
    );
    await reader.query('COMMIT');
    reader.release();
    while ((await state()) === 'shard 0, to -, -')
      await new Promise((done) => setTimeout(done, 50));
    await new Promise((done) => setTimeout(done, 300));
    expect(await state()).toBe('shard 0, to 1, closed');
    expect(await handOvers(0)).toHaveLength(0);
    const orders = new Outbox({
      pool: database.poolFor('bourse_orders', 1),
      schema: 'orders',
      bus,
      log: silentLogger(),
    });
    await orders.sweep(0);
    await orders.stop();
    await closing;
    const [late] = await records(0, 'late');
    const [handOver] = await handOvers(0);
    expect(late?.offset).toBeLessThan(handOver?.offset ?? 0);
  });

  it('who waits for the lock reads the market closed, with a plan from before', async () => {
    const reader = await database.poolFor('bourse_orders', 1).connect();
    const read = async (): Promise<unknown> => {
      const text = 'SELECT moving_to AS "to" FROM reference.markets WHERE market = $1';
      const result = await reader.query<{ to: number }>({ name: 'cached', text, values: [market] });
      return result.rows[0]?.to;
    };
    for (let times = 0; times < 7; times += 1) expect(await read()).toBeNull();
    const tx = await pool().connect();
    await tx.query('BEGIN');
    await tx.query('LOCK TABLE reference.markets IN ACCESS EXCLUSIVE MODE');
    await reader.query('BEGIN');
    const waiting = read();
    await tx.query('UPDATE reference.markets SET moving_to = 1 WHERE market = $1', [market]);
    await tx.query('COMMIT');
    expect(await waiting).toBe(1);
    await reader.query('COMMIT');
    tx.release();
    reader.release();
    await database.pool.query('UPDATE reference.markets SET moving_to = NULL');
  });

  it('gives up in time, stays closed, and goes on when it is called again', async () => {
    await expect(move(1, { stepTimeoutMs: 200 })).rejects.toBeInstanceOf(RetryableError);
    expect(await state()).toBe('shard 0, to 1, handed_over');
    const lines: string[] = [];
    await Promise.all([move(1, { tell: (line) => lines.push(line) }), playEngine(0)]);
    expect(await state()).toBe('shard 1, to -, opened');
    expect((await handOvers(0)).length).toBeGreaterThan(0);
    await move(1, { tell: (line) => lines.push(line) });
    expect(lines.at(-1)).toBe(`${market} is on shard 1 since move 1`);
  });

  it('opens only when every piece is there, in whatever order they came', async () => {
    const moving = move(1);
    let told: IncomingRecord[] = [];
    while (told.length === 0) told = await handOvers(0);
    const handOver = JSON.parse(told[0]?.value.toString() ?? '') as MarketHandedOver;
    const [first, ...others] = piecesOf(handOver);
    await publishPieces([...others].reverse());
    await publishPieces(others);
    await new Promise((done) => setTimeout(done, 500));
    expect(await state()).toBe('shard 0, to 1, handed_over');
    await publishPieces(first === undefined ? [] : [first]);
    await moving;
    expect(await state()).toBe('shard 1, to -, opened');
  });

  it('does each step once, however many operators do it', async () => {
    const moves = Promise.all([move(1), move(1), move(1)]);
    await playEngine(0);
    expect((await moves).map(({ step, moveNumber }) => `${step} ${moveNumber}`)).toEqual([
      'opened 1',
      'opened 1',
      'opened 1',
    ]);
    // Published once at least, as everything; but it is one.
    const ids = (await handOvers(0)).map(({ headers }) => headers['ce_id']);
    expect(new Set(ids).size).toBe(1);
  });

  it('there and back counts on; a step of the first move does nothing any more', async () => {
    const [first] = await Promise.all([move(1), playEngine(0)]);
    const [second] = await Promise.all([move(0), playEngine(1)]);
    expect([first.moveNumber, second.moveNumber]).toEqual([1, 2]);
    await expect(handOverMarket(pool(), outbox, first, 0)).rejects.toThrow('has moved again');
    await expect(openMarket(pool(), first)).rejects.toThrow('has moved again');
    expect(await state()).toBe('shard 0, to -, opened');
  });
});

describe('a record that came after its market had moved', () => {
  const COMMANDS = (): object => ({
    market,
    commands: [{ kind: 'cancel_all', number: 900 + made, timeMs: 1, userNumber: 1 }],
  });

  /** The letter that an engine writes; answers its place. */
  async function letterOf(cause: string, change: Record<string, string> = {}): Promise<string> {
    const { next } = await bus.offsets('dead-letters', 0);
    const detail = JSON.stringify({ code: 'EVENT_INVALID', detail: cause });
    const late = { id: 'late', source: '/test', timeMs: 1 };
    const event = encodeEvent('commandsAccepted', market, COMMANDS() as never, late);
    const { topic, key, headers, data } = event;
    const { next: offset } = await bus.offsets(INPUT, 0);
    await bus.publish([{ topic, partition: 0, key, headers, value: Buffer.from(data) }]);
    const added = {
      ce_knativeerrordest: '/engine-daemon/0',
      ce_knativeerrordata: Buffer.from(detail).toString('base64'),
      ce_kafkatopic: INPUT,
      ce_kafkapartition: '0',
      ce_kafkaoffset: String(offset),
    };
    const letter = { ...headers, ...added, ...change };
    const value = Buffer.from('what a letter says does not count');
    await bus.publish([{ topic: 'dead-letters', partition: 0, key, headers: letter, value }]);
    return `0@${next}`;
  }

  const forward = (letter: string) => forwardRecord({ pool: pool(), outbox, bus }, letter);
  const moved = () => `${market} has moved to shard 1 by move 1`;

  it('is not sent anywhere for another reason, from another place, or back', async () => {
    await expect(forward('x')).rejects.toThrow('no place of a dead letter');
    await expect(forward('0@999')).rejects.toThrow('no record dead-letters/0@999');
    await expect(forward(await letterOf('the data is not JSON'))).rejects.toThrow('no letter of');
    const forged = { ce_knativeerrordest: 'http://settlement.bourse.svc.cluster.local' };
    await expect(forward(await letterOf(moved(), forged))).rejects.toThrow('no letter of');
    await expect(forward(await letterOf(moved()))).rejects.toThrow('is on shard 0 again');
    const late = await letterOf(moved());
    await closeMarket(pool(), market, 1);
    await expect(forward(late)).rejects.toThrow('is moving');
  });

  it('goes to the shard where the market is, as it is in the log', async () => {
    await Promise.all([move(1), playEngine(0)]);
    const letter = await letterOf(moved());
    expect(await forward(letter)).toBe(1);
    const [sent] = await records(1, EVENTS.commandsAccepted.type);
    const [late] = (await records(0, EVENTS.commandsAccepted.type)).slice(-1);
    expect(JSON.parse(sent?.value.toString() ?? '')).toEqual(COMMANDS());
    expect(sent?.headers).toEqual(late?.headers);
  });
});

it('nobody but the owner reads or writes moves, or learns more than that something waits', async () => {
  for (const role of ['bourse_orders', 'bourse_engine', 'bourse_settlement'] as const) {
    const other = database.poolFor(role, 1);
    await expect(other.query('SELECT FROM reference.market_moves')).rejects.toThrow(/denied/);
    await expect(other.query('UPDATE reference.markets SET moving_to = 1')).rejects.toThrow(
      /denied/,
    );
    if (role === 'bourse_orders') continue;
    const asks = other.query(`SELECT orders.has_unpublished('BTC-USD')`);
    await expect(asks).rejects.toThrow(/denied/);
  }
  await expect(pool().query('SELECT FROM orders.outbox')).rejects.toThrow(/denied/);
});
