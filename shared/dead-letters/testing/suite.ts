// The tool on one kind of log, with a real database and functions that answer as the test wants.
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus } from '../../bus/bus.ts';
import { openBus } from '../../bus/open-bus.ts';
import type { Pool } from '../../db/pool.ts';
import { TOPICS } from '../../events/catalog.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { readOptions } from '../options.ts';
import { formatPosition } from '../position.ts';
import { runCommand, type Outcome } from '../run.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
/** A busy machine takes seconds to start a program, and some tests start several. */
const TEST_TIMEOUT_MS = 180_000;
const TIMEOUT_MS = 60_000;
const LETTERS = TOPICS['dead-letters'];
const WHY = ['--reason', 'settlement 1.2 takes it'];

interface Got {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Item {
  readonly position: string;
  readonly id: string;
  readonly state: string;
  readonly consumer: string;
}

let database: TestDatabase;
let bus: Bus;
let pool: Pool;
let busUrl: string;
let server: Server;
let address: string;
let got: Got[] = [];
let answer: () => number | Promise<number>;

/** `busUrlOf` answers the log's URL, given the database that the test works on. */
export function describeTool(name: string, busUrlOf: (database: TestDatabase) => string): void {
  vi.setConfig({ testTimeout: TEST_TIMEOUT_MS });
  describe(name, () => {
    beforeAll(async () => {
      database = await createTestDatabase();
      pool = database.poolFor('bourse_operator');
      busUrl = busUrlOf(database);
      // Letters are written by others: the operator only reads the log.
      const writer = busUrl.startsWith('postgres') ? database.urlFor('bourse_bus') : busUrl;
      bus = openBus({ url: writer, applicationName: 'letters', log: silentLogger() });
      await bus.provision([{ ...LETTERS, retentionMs: -1 }]);
      server = createServer((req, res) => {
        const chunks: Buffer[] = [];
        req.on('data', (chunk: Buffer) => chunks.push(chunk));
        req.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          got.push({ url: req.url ?? '', headers: req.headers, body });
          void Promise.resolve(answer()).then((status) => res.writeHead(status).end('because'));
        });
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    beforeEach(() => {
      got = [];
      answer = () => 204;
    });
    afterAll(async () => {
      await bus.close();
      server.closeAllConnections();
      server.close();
      await database.drop();
    });
    describe('reading', describeReading);
    describe('redriving', describeRedriving);
    describe('a run that is killed', describeKilled);
  });
}

/** Writes letters of one consumer; answers their ids and positions. */
async function bury(count: number, consumer = 'settlement'): Promise<Item[]> {
  const after = await end();
  const ids = Array.from({ length: count }, (): string => randomUUID());
  await bus.publish(ids.map((id) => letterOf(id, consumer)));
  const items = await list('--after', after, '--limit', '1000');
  const found = items.filter((item) => ids.includes(item.id));
  expect(found).toHaveLength(count);
  return found;
}

function letterOf(id: string, consumer: string) {
  const dest =
    consumer === 'engine-daemon'
      ? '/engine-daemon/0'
      : `http://${consumer}.bourse.svc.cluster.local/events`;
  return {
    topic: LETTERS.name,
    key: null,
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: '/engine-daemon/0',
      ce_type: 'dev.bourse.exchange.engine.executed.v1',
      ce_knativekafkapartition: '0',
      ce_knativekafkaoffset: '5',
      ce_knativeerrordest: dest,
      ce_knativeerrorcode: '400',
      ce_knativeerrordata: Buffer.from('no such market \u001b[31m').toString('base64'),
    },
    value: Buffer.from(`{"id":"${id}"}`),
  };
}

/** The position of the last letter, or one before the first. */
async function end(): Promise<string> {
  const { next } = await bus.offsets(LETTERS.name, 0);
  if (next === 0) await bus.publish([letterOf('first', 'orders')]);
  return formatPosition({ partition: 0, offset: Math.max(0, next - 1) });
}

async function run(...args: string[]): Promise<Outcome> {
  const options = readOptions(args, Date.now(), 'ann');
  if (options === null) throw new Error('help');
  const addresses = new Map([['settlement', new URL(address)]]);
  const reader = openBus({ url: busUrl, applicationName: 'tool', log: silentLogger() });
  try {
    return await runCommand({ bus: reader, pool, addresses }, options);
  } finally {
    await reader.close();
  }
}

async function list(...args: string[]): Promise<Item[]> {
  const { json } = await run('list', ...args);
  return (json as { items: Item[] }).items;
}

/** A result as `position result`, in order. */
async function results(...args: string[]): Promise<string[]> {
  const { json } = await run(...args);
  const { items } = json as { items: { position: string; result: string }[] };
  return items.map((item) => `${item.position} ${item.result}`);
}

async function stateOf(position: string): Promise<string> {
  const { json } = await run('show', position);
  return (json as Item).state;
}

function describeReading(): void {
  it('refuses a position where there is nothing', async () => {
    await end();
    await expect(run('show', '0@999999999')).rejects.toThrow('there is no letter 0@999999999');
    await expect(run('show', '7@0')).rejects.toThrow('there is no letter 7@0');
  });

  it('lists a page at a time and says where it goes on', async () => {
    const letters = await bury(5);
    const before = Number(letters[0]?.position.split('@')[1]) - 1;
    const first = await run('list', '--after', `0@${before}`, '--limit', '2');
    const page = first.json as { items: Item[]; next: string };
    expect(page.items.map((item) => item.id)).toEqual(letters.slice(0, 2).map((item) => item.id));
    expect(first.lines.at(-1)).toBe(`more: --after ${page.next}`);
    const rest = await list('--after', page.next);
    expect(rest.map((item) => item.id)).toEqual(
      expect.arrayContaining(letters.slice(2).map((item) => item.id)),
    );
  });

  it('lists both kinds of letters, and chooses by consumer, topic and time', async () => {
    const [mine] = await bury(1);
    const [engine] = await bury(1, 'engine-daemon');
    const ids = async (...args: string[]): Promise<string[]> =>
      (await list('--limit', '1000', ...args)).map((item) => item.id);
    expect(await ids()).toEqual(expect.arrayContaining([mine?.id, engine?.id]));
    expect(await ids('--source', 'engine-daemon')).toContain(engine?.id);
    expect(await ids('--source', 'engine-daemon')).not.toContain(mine?.id);
    expect(await ids('--topic', 'engine.executions')).toContain(mine?.id);
    expect(await ids('--topic', 'orders.accepted')).toEqual([]);
    expect(await ids('--since', '1h')).toContain(mine?.id);
    expect(await ids('--since', '2100-01-01')).toEqual([]);
  });

  it('shows the event, why it is here and what was done, with nothing a terminal obeys', async () => {
    const [letter] = await bury(1);
    const position = letter?.position ?? '';
    await run('drop', position, '--reason', 'a test order');
    const { lines } = await run('show', position);
    const text = lines.join('\n');
    expect(text).toContain('engine.executions/0@5');
    expect(text).toContain('400 no such market');
    expect(text).toContain(`{"id":"${letter?.id ?? ''}"}`);
    expect(text).toMatch(/dropped by ann \(bourse_operator\), a test order/);
    expect(text).not.toContain('\u001b');
  });
}

function describeRedriving(): void {
  it('refuses the letters of the engine, and says why', async () => {
    const [letter] = await bury(1, 'engine-daemon');
    const done = await run('redrive', letter?.position ?? '', ...WHY);
    expect(done.exitCode).toBe(1);
    expect(done.lines[0]).toMatch(/refused {3}the command log keeps it/);
    expect(got).toEqual([]);
  });

  it('sends the event as its source did, to the one function that failed', async () => {
    const [letter] = await bury(1);
    const done = await run('redrive', letter?.position ?? '', ...WHY);
    expect(done.exitCode).toBe(0);
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({ url: '/events', body: `{"id":"${letter?.id ?? ''}"}` });
    expect(got[0]?.headers).toMatchObject({
      host: 'settlement.bourse.svc.cluster.local',
      prefer: 'reply',
      'kn-namespace': 'bourse',
      'content-type': 'application/json',
      'ce-id': letter?.id,
      'ce-knativekafkaoffset': '5',
    });
    const names = Object.keys(got[0]?.headers ?? {});
    expect(names.filter((name) => name.startsWith('ce-knativeerror'))).toEqual([]);
  });

  it('refuses a second time, but for --again', async () => {
    const [letter] = await bury(1);
    const position = letter?.position ?? '';
    expect(await results('redrive', position, position, ...WHY)).toEqual([`${position} redriven`]);
    expect(await results('redrive', position, ...WHY)).toEqual([`${position} refused`]);
    expect(got).toHaveLength(1);
    expect(await results('redrive', position, ...WHY, '--again')).toEqual([`${position} redriven`]);
    expect(got).toHaveLength(2);
    await run('drop', position, ...WHY, '--again');
    expect(await results('redrive', position, ...WHY)).toEqual([`${position} refused`]);
  });

  it('leaves a letter open that is refused again, and stops when the function is down', async () => {
    const letters = await bury(5);
    answer = () => 503;
    const done = await run('redrive', ...letters.map((each) => each.position), ...WHY);
    expect(done.exitCode).toBe(1);
    const { items } = done.json as { items: { result: string; detail: string }[] };
    expect(items.map((item) => item.result)).toEqual([
      ...['failed', 'failed', 'failed', 'skipped', 'skipped'],
    ]);
    expect(items[0]?.detail).toBe('503 because');
    expect(got).toHaveLength(3);
    answer = () => 204;
    const positions = letters.map((each) => each.position);
    expect(await results('redrive', ...positions, ...WHY)).toEqual(
      positions.map((position) => `${position} redriven`),
    );
  });

  it('takes what is open of a choice, at most --limit, and does nothing in a dry run', async () => {
    const [settled] = await bury(1);
    const position = settled?.position ?? '';
    await run('drop', position, ...WHY);
    const letters = await bury(3);
    const choice = ['--source', 'settlement', '--after', position];
    expect(await results('redrive', ...choice, '--limit', '2', ...WHY, '--dry-run')).toEqual(
      letters.slice(0, 2).map((each) => `${each.position} would`),
    );
    expect(got).toEqual([]);
    expect(await results('redrive', ...choice, '--limit', '2', ...WHY)).toEqual(
      letters.slice(0, 2).map((each) => `${each.position} redriven`),
    );
    expect(await results('redrive', ...choice, ...WHY)).toEqual([
      `${letters[2]?.position ?? ''} redriven`,
    ]);
    expect(await results('redrive', ...choice, ...WHY)).toEqual([]);
  });

  it('lets one run act at a time', async () => {
    const letters = await bury(1);
    let finish = (): void => undefined;
    const held = new Promise<void>((done) => (finish = done));
    answer = () => held.then(() => 204);
    const first = run('redrive', letters[0]?.position ?? '', ...WHY);
    await vi.waitFor(() => expect(got).toHaveLength(1), TIMEOUT_MS);
    await expect(run('drop', letters[0]?.position ?? '', ...WHY)).rejects.toThrow('another run');
    finish();
    expect((await first).exitCode).toBe(0);
  });

  it('writes down what can never be changed', async () => {
    const [letter] = await bury(1);
    await run('drop', letter?.position ?? '', ...WHY);
    for (const sql of [
      `UPDATE operations.dead_letter_actions SET actor = 'x'`,
      'DELETE FROM operations.dead_letter_actions',
      'TRUNCATE operations.dead_letter_actions',
    ]) {
      await expect(pool.query(sql)).rejects.toThrow(/permission denied/);
      await expect(database.pool.query(sql)).rejects.toThrow(/append-only/);
    }
    await expect(
      pool.query(
        `INSERT INTO operations.dead_letter_actions (topic, partition, record_offset, action,
           run_id, actor, reason, consumer, database_role)
         VALUES ('t', 0, 0, 'dropped', gen_random_uuid(), 'x', 'because', 'y', 'postgres')`,
      ),
    ).rejects.toThrow(/permission denied/);
  });
}

function describeKilled(): void {
  it('leaves its letter open, to be redriven without --again', async () => {
    const [letter] = await bury(1);
    const position = letter?.position ?? '';
    answer = () => new Promise(() => undefined);
    const tool = spawn(
      process.execPath,
      ['--import', 'tsx', MAIN, 'redrive', position, ...WHY, '--to', `settlement=${address}`],
      {
        stdio: 'ignore',
        env: {
          ...{ PATH: '/usr/bin:/bin', NODE_ENV: 'test' },
          DATABASE_URL: database.urlFor('bourse_operator'),
          BUS_URL: busUrl,
        },
      },
    );
    const ended = new Promise((done) => tool.once('exit', done));
    await vi.waitFor(() => expect(got).toHaveLength(1), TIMEOUT_MS);
    tool.kill('SIGKILL');
    await ended;
    expect(await stateOf(position)).toBe('interrupted');
    answer = () => 204;
    // The server takes a moment to notice that the other's connection, and its lock, are gone.
    await vi.waitFor(
      async () =>
        expect(await results('redrive', position, ...WHY)).toEqual([`${position} redriven`]),
      TIMEOUT_MS,
    );
    expect(await stateOf(position)).toBe('redriven');
  });

  it('says with code 2 what is wrong with its command line or its exchange', async () => {
    const code = (env: Record<string, string>, ...args: string[]): Promise<number | null> =>
      new Promise((done) => {
        const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
          stdio: 'ignore',
          env: { PATH: '/usr/bin:/bin', ...env },
        });
        child.once('exit', done);
      });
    expect(await code({}, 'list', '--bogus')).toBe(2);
    expect(await code({}, 'list', '--data-dir', '/nonexistent')).toBe(2);
    expect(await code({ DATABASE_URL: 'postgres://x@127.0.0.1:1/x' }, 'list')).toBe(2);
    expect(await code({}, '--help')).toBe(0);
  });
}
