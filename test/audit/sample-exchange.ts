// Fills a migrated database with what an exchange leaves behind after a few hundred random
// commands: the real core, settlement and projection do their part, so that the audit is judged on
// real rows.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { encodeSnapshotFile } from '../../engine-daemon/snapshot/format.ts';
import { projectExecutions } from '../../functions/orders/decide/project.ts';
import { saveProjection } from '../../functions/orders/store/project.ts';
import { settleRecords } from '../../functions/settlement/settle.ts';
import { withTransaction, type Pool, type Tx } from '../../shared/db/pool.ts';
import { executionsSchema, type Executions } from '../../shared/events/executions.ts';
import type { TestDatabase } from '../../shared/testing/database.ts';
import { CommandMaker, type Step } from '../oracle/command-maker.ts';
import { specs } from '../oracle/random-specs.ts';
import { EngineSubject } from '../oracle/engine-subject.ts';
import { variantOf } from '../oracle/market-variants.ts';
import { listIdOf, orderIdOf, userIdOf } from '../oracle/naive-amounts.ts';
import { commandsOf } from '../oracle/naive-lists.ts';
import { NaiveShard } from '../oracle/naive-shard.ts';
import type { Market, MarketCommand, Place, PlaceList } from '../oracle/naive-types.ts';
import type { SubjectOutput } from '../oracle/twin.ts';
import { sha256 } from './replay.ts';
import { insertList, insertOrder } from './sample-orders.ts';
import { COMMANDS_TYPE, EXECUTIONS_TYPE, TICK_TYPE } from './wire.ts';

const USERS = [11, 12, 13, 14];
const ASSETS = ['BTC', 'USD', 'ETH', 'EUR', 'NEW'];
/** Enough for the largest order that the specs draw. */
const DEPOSIT = 10n ** 34n;

/** Records that consumers get at once. */
const RECORDS_PER_DELIVERY = 40;

type CommandStep = Extract<Step, { kind: 'command' }>;

export class SampleExchange {
  readonly #database: TestDatabase;
  readonly #engine = new EngineSubject();
  readonly #oracle = new NaiveShard();
  readonly #settlement: Pool;
  readonly #orders: Pool;
  /** Numbers of orders that share a hold with another. */
  readonly #paired = new Set<number>();
  /** Recorded, but not yet given to the consumers. */
  #waiting: Executions[] = [];
  #inputs: Buffer[] = [];

  constructor(database: TestDatabase) {
    this.#database = database;
    this.#settlement = database.poolFor('bourse_settlement', 1);
    this.#orders = database.poolFor('bourse_orders', 1);
  }

  /** Provisions, funds the users, and carries out `count` random commands from a seed. */
  async run(seed: number, count: number): Promise<void> {
    await this.#prepare();
    for (const step of prelude()) await this.#do(step);
    const maker = new CommandMaker(this.#oracle);
    for (const spec of fc.sample(specs, { seed, numRuns: count })) {
      // Numbers out of the window are refused without giving the hold back: no client can send
      // them.
      if ('numbering' in spec && !['next', 'skip', 'late'].includes(spec.numbering)) continue;
      const step = maker.make(spec);
      if (step.kind !== 'restore' && this.#isAcceptable(step)) await this.#do(step);
    }
    await this.#consume();
  }

  /** Writes an engine snapshot of where the log ends now. Answers its file. */
  writeSnapshot(dir: string): string {
    const inputOffset = this.#inputs.length - 1;
    const last = this.#inputs[inputOffset];
    if (last === undefined) throw new Error('nothing was carried out yet');
    const books = [...this.#oracle.books.values()];
    const markets = books.map(({ market, sequence, buys, sells }) => ({
      market,
      sequence,
      openOrders: buys.length + sells.length,
      stateHash: sha256(this.#engine.stateText(market)),
    }));
    const facts = { shard: 0, inputOffset, inputRecordSha256: sha256(last), outputOffset: 0 };
    const bytes = encodeSnapshotFile(
      { ...facts, epoch: 1, createdAtMs: 0, markets },
      new Uint8Array(4),
    );
    const file = join(dir, `shard-0-${String(inputOffset).padStart(16, '0')}.snapshot`);
    writeFileSync(file, bytes);
    return file;
  }

  /** Accepts a command and stops there: it waits in the outbox. */
  async acceptOnly(market: Market, command: Place): Promise<void> {
    await withTransaction(this.#database.pool, async (tx) => {
      await this.#accept(tx, { kind: 'command', market, command });
      await tx.query(
        `INSERT INTO orders.outbox (topic, partition, key, headers, value)
         VALUES ('orders.accepted', 0, $1, $2, $3)`,
        [market, { ce_type: COMMANDS_TYPE }, JSON.stringify({ market, commands: [command] })],
      );
    });
  }

  /** What the orders function refuses never reaches the log. */
  #isAcceptable(step: Step): boolean {
    if (step.kind !== 'command') return true;
    const { market, command } = step;
    // Such a record is set aside whole by the engine, before it reaches the core.
    if (command.kind === 'place' && command.type === 'limit') return !command.quoteBudgetMinor;
    if (command.kind !== 'amend') return true;
    if (this.#oracle.book(market).hasSeen(command.number)) return true;
    if (this.#paired.has(command.orderNumber)) return false;
    return this.#oracle.book(market).find(command.orderNumber)?.user === command.userNumber;
  }

  async #do(step: Step): Promise<void> {
    if (step.kind === 'command') {
      const isRepeat = this.#oracle.book(step.market).hasSeen(step.command.number);
      if (!isRepeat) await withTransaction(this.#database.pool, (tx) => this.#accept(tx, step));
      const { market, command } = step;
      await this.#append('orders.accepted', market, COMMANDS_TYPE, { market, commands: [command] });
      this.#oracle.apply(market, command);
      await this.#publish(market, this.#engine.apply(market, command));
    } else if (step.kind === 'tick') {
      await this.#append('orders.accepted', null, TICK_TYPE, step);
      this.#oracle.tick(step.timeMs);
      const outputs = this.#engine.tick(step.timeMs);
      for (const [market, output] of outputs) await this.#publish(market, output);
    }
  }

  async #accept(tx: Tx, { market, command }: CommandStep): Promise<void> {
    const [base, quote] = market.split('-');
    const makeHold = async (id: string, order: Place, holdMinor = order.holdMinor) => {
      const asset = order.side === 'buy' ? quote : base;
      const hold = [[id], [userIdOf(order.userNumber)], [asset], [holdMinor]];
      await tx.query('SELECT ledger.make_holds($1, $2, $3, $4)', hold);
    };
    if (command.kind === 'place') {
      await insertOrder(tx, market, command, null);
      await makeHold(orderIdOf(command.number), command);
    } else if (command.kind === 'place_list') {
      await this.#acceptList(tx, market, command, makeHold);
    } else if (command.kind === 'amend' && command.holdIncreaseMinor !== '0') {
      const hold = [orderIdOf(command.orderNumber)];
      await tx.query('SELECT ledger.increase_holds($1, $2)', [hold, [command.holdIncreaseMinor]]);
    }
  }

  /** Two orders that are a pair have one hold: what the one locks that locks more. */
  async #acceptList(
    tx: Tx,
    market: Market,
    list: PlaceList,
    makeHold: (id: string, order: Place, holdMinor?: string) => Promise<void>,
  ): Promise<void> {
    await insertList(tx, market, list);
    const { number, working, orders } = list;
    const pair = orders.length === 2 ? orders.map((each) => each.number) : [];
    for (const order of commandsOf(list)) {
      const isPair = pair.includes(order.number);
      const isPending = working !== undefined && order.number !== working.number;
      await insertOrder(tx, market, order, { listNumber: number, isPair, isPending });
      if (isPair) this.#paired.add(order.number);
      else await makeHold(orderIdOf(order.number), order);
      if (order.number !== pair[0]) continue;
      const holds = orders.map(({ holdMinor }) => BigInt(holdMinor));
      const most = holds.reduce((a, b) => (a > b ? a : b));
      await makeHold(listIdOf(number), order, String(most));
    }
  }

  /** Records what the engine did, settles it and shows it on the orders. */
  async #publish(market: Market, output: SubjectOutput): Promise<void> {
    if (output.events.length === 0) return;
    const sequence = this.#oracle.book(market).sequence;
    const config = this.#oracle.book(market).config;
    const record = executionsSchema.parse({
      market,
      base: config?.base ?? 'XXX',
      quote: config?.quote ?? 'XXX',
      feePolicy: config?.feePolicy ?? 'received',
      epoch: 1,
      firstSequence: sequence - output.events.length + 1,
      lastSequence: sequence,
      events: output.events,
      // What it is once it is asked for: a copy of the output would be without it.
      depth: output.depth,
    });
    await this.#append('engine.executions', null, EXECUTIONS_TYPE, { outputs: [record] });
    this.#waiting.push(record);
    if (this.#waiting.length === RECORDS_PER_DELIVERY) await this.#consume();
  }

  async #consume(): Promise<void> {
    const records = this.#waiting;
    this.#waiting = [];
    await settleRecords(this.#settlement, records);
    await saveProjection(this.#orders, projectExecutions(records));
  }

  async #append(topic: string, key: string | null, type: string, data: unknown): Promise<void> {
    const payload = Buffer.from(JSON.stringify(data));
    if (topic === 'orders.accepted') this.#inputs.push(payload);
    const records = [{ k: key, h: { ce_type: type }, s: 0, n: payload.length }];
    await this.#database.pool.query(
      `SELECT log.append(json_build_array(json_build_object('topic_id', t.topic_id,
         'partition', 0, 'records', $2::json)), $3)
       FROM log.topics t WHERE t.name = $1`,
      [topic, JSON.stringify(records), payload],
    );
  }

  async #prepare(): Promise<void> {
    const { pool } = this.#database;
    for (const topic of ['orders.accepted', 'engine.executions']) {
      await pool.query('SELECT log.provision($1, 1, -1)', [topic]);
    }
    for (const asset of ASSETS) {
      await pool.query('INSERT INTO reference.assets VALUES ($1, $1, 8)', [asset]);
      for (const user of USERS) await this.#deposit(asset, userIdOf(user));
    }
  }

  async #deposit(asset: string, user: string): Promise<void> {
    const amounts = [`-${DEPOSIT}`, String(DEPOSIT)];
    const key = `sample-${asset}-${user}`;
    await this.#database.pool.query(
      `SELECT ledger.post_entries('deposit', ARRAY['custody', $1], ARRAY[$2, $2], ARRAY[$3],
         ARRAY['deposit'], ARRAY[$3], NULL, NULL, ARRAY[1, 1], ARRAY[1, 2], $4, '{}', '{}', '{}')`,
      [user, asset, key, amounts],
    );
  }
}

function* prelude(): Generator<CommandStep> {
  for (const [at, market] of (['BTC-USD', 'ETH-EUR'] as const).entries()) {
    const config = variantOf(market, 0, 1);
    const head = { number: at + 1, timeMs: 1 };
    const command: MarketCommand = { kind: 'configure_market', ...head, config, status: 'trading' };
    yield { kind: 'command', market, command };
  }
}
