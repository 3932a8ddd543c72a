// One run: builds a world from a seed, lets it trade in chaos, heals it, and judges it.
import { hashState } from '../../engine-daemon/hash.ts';
import { COMMAND_LOG, EXECUTION_LOG } from '../audit/read-log.ts';
import { Client } from './actors/client.ts';
import { openExchange, readSources, type Exchange } from './actors/exchange.ts';
import { fundUsers, MARKETS, USERS } from './actors/markets.ts';
import { Parts } from './actors/parts.ts';
import { Saboteur } from './actors/saboteur.ts';
import { judgeClients } from './judge/client-judge.ts';
import { Coverage } from './judge/coverage.ts';
import { judgeAtRest } from './judge/final-judge.ts';
import { LedgerJudge } from './judge/ledger-judge.ts';
import { LogJudge } from './judge/log-judge.ts';
import { BEST_PRICES } from './store/orders-statements.ts';
import { ENGINE_FILES } from './world/engine-files.ts';
import { withHost } from './world/host.ts';
import { SimulationError } from './world/world.ts';

export interface RunOptions {
  readonly seed: number;
  /** Requests of all clients together; when it is left out the seed draws it. */
  readonly requestsMax?: number;
  /** Kinds of faults that are left out; `all` for none at all. */
  readonly without?: ReadonlySet<string>;
  /** Gets each line of the trace. */
  readonly onNote?: (line: string) => void;
}

export interface RunResult {
  readonly seed: number;
  readonly traceHash: string;
  /** Null when every invariant holds; otherwise the first violation, for a person. */
  readonly violation: string | null;
  readonly coverage: Coverage;
  readonly counts: {
    readonly events: number;
    readonly requests: number;
    readonly orders: number;
    readonly trades: number;
    readonly crashes: number;
    readonly virtualMs: number;
    /** From the end of the faults to rest. */
    readonly recoveryMs: number;
  };
}

/** A5: after the faults have ended all lag is gone within this. */
const RECOVERY_MS_MAX = 180_000;
/** Share of the worlds that last long enough for what a source does every five seconds only. */
const SLOW_WORLDS = 0.12;
/** Chaos ends when the clients have asked for all that they wanted, or after this. */
const CHAOS_MS_MAX = 30_000;
const CLIENTS_MIN = 4;
const CLIENTS_MAX = 12;

export async function runSeed(options: RunOptions): Promise<RunResult> {
  readSources();
  const parts = new Parts(options.seed, options.without ?? new Set());
  parts.world.onNote = options.onNote ?? null;
  const findPath = () => parts.disk;
  return withHost(parts.world, findPath, () => new Run(parts, options).run());
}

class Run {
  readonly #parts: Parts;
  readonly #options: RunOptions;
  readonly #exchange: Exchange;
  readonly #saboteur: Saboteur;
  readonly #judge = new LogJudge();
  readonly #clients: readonly Client[];
  readonly #requestsMax: number;
  #healedAtMs = 0;

  constructor(parts: Parts, options: RunOptions) {
    this.#parts = parts;
    this.#options = options;
    const { random } = parts.world;
    this.#exchange = openExchange(parts);
    this.#saboteur = new Saboteur(parts, this.#exchange);
    const drawn = random.chance(0.03) ? random.between(150, 500) : random.between(20, 70);
    this.#requestsMax = options.requestsMax ?? drawn;
    const thinkMs = random.chance(SLOW_WORLDS) ? random.between(500, 1_500) : random.between(3, 60);
    this.#clients = Array.from({ length: random.between(CLIENTS_MIN, CLIENTS_MAX) }, (_, at) => {
      const user = USERS[at % USERS.length] ?? USERS[0];
      return new Client(parts, user, `client-${at + 1}`, thinkMs);
    });
  }

  async run(): Promise<RunResult> {
    this.#watch();
    fundUsers(this.#parts);
    let violation: string | null = null;
    let counts = { orders: 0, trades: 0 };
    try {
      await this.#trade();
      counts = await this.#judgeAll();
      this.#throwViolation();
    } catch (error) {
      violation = describe(error);
    }
    return this.#result(violation, counts);
  }

  #watch(): void {
    const { database, disk, log, world } = this.#parts;
    const judge = this.#judge;
    const ledger = new LedgerJudge(judge.findings);
    database.onCommit = (view) => ledger.onCommit(view);
    log.onAppended = (record) => {
      judge.onAppended(record);
      if (record.topic === EXECUTION_LOG) this.#hintPrices();
    };
    disk.onRenamed = (path, content) => {
      if (ENGINE_FILES.snapshot.test(path)) judge.onSnapshot(path, content);
    };
    world.afterEvent = () => this.#throwViolation();
  }

  /** Best prices as a projection tells them: late, and sometimes not at all. */
  #hintPrices(): void {
    const { database, world } = this.#parts;
    for (const { description } of MARKETS) {
      if (world.random.chance(0.3)) continue;
      const { bid, ask } = this.#judge.bestPrices(description.market);
      const row = { bestBidTicks: bid, bestAskTicks: ask };
      database.tables.rows(BEST_PRICES).set(description.market, row);
    }
  }

  #throwViolation(): void {
    if (this.#judge.findings.isClean) return;
    for (const name of INVARIANT_NAMES) {
      const found = this.#judge.findings.find(name);
      if (found !== null) throw new SimulationError(`${name} is violated: ${toText(found.row)}`);
    }
  }

  async #trade(): Promise<void> {
    const { world } = this.#parts;
    const { all, operator } = this.#exchange;
    for (const role of all) role.start();
    await world.run(60_000, () => operator.isDone());
    if (!operator.isDone()) throw new SimulationError('the markets do not open');
    this.#saboteur.start();
    const until = world.nowMs + CHAOS_MS_MAX;
    let left = this.#requestsMax;
    for (const client of this.#clients) {
      client.start(() => {
        left -= 1;
        return left >= 0 && world.nowMs < until;
      });
    }
    await world.run(Number.POSITIVE_INFINITY, () => left < 0 || world.nowMs >= until);
    this.#saboteur.heal();
    this.#healedAtMs = world.nowMs;
    const end = world.nowMs + RECOVERY_MS_MAX;
    await world.run(end, () => world.eventCount % 16 === 0 && this.#unrest() === null);
    const unrest = this.#unrest();
    if (unrest !== null) throw new SimulationError(`A5 is violated: ${unrest}`);
  }

  /** What is still to be done, or null when all is at rest. */
  #unrest(): string | null {
    const { database, log } = this.#parts;
    const busy = this.#clients.filter(({ isBusy }) => isBusy).length;
    if (busy > 0) return `${busy} clients wait for answers`;
    for (const table of ['orders.outbox', 'reference.outbox']) {
      const rows = database.tables.rows(table).size;
      if (rows > 0) return `${rows} rows are left in ${table}`;
    }
    const engine = this.#exchange.engine.ready();
    if (engine === null) return 'the engine is not ready';
    const commands = log.partition(COMMAND_LOG, 0).records.length;
    const { inputOffset } = engine.figures();
    if (inputOffset + 1 < commands || !engine.isIdle) {
      return `the engine is at ${inputOffset} of ${commands} records`;
    }
    const executions = log.partition(EXECUTION_LOG, 0).records.length;
    for (const group of this.#exchange.groups) {
      const done = log.committed(group, EXECUTION_LOG, 0);
      if (done < executions) return `${group} is at ${done} of ${executions} records`;
    }
    return null;
  }

  async #judgeAll(): Promise<{ orders: number; trades: number }> {
    const { tables } = this.#parts.database;
    const engine = this.#exchange.engine.ready();
    const books = [...(engine?.markets.markets() ?? [])];
    this.#judge.compareBooks(new Map(books.map((book) => [book.market, hashState(book)])));
    const counts = await judgeAtRest(this.#judge, tables);
    const records = this.#clients.flatMap((client) => client.records);
    judgeClients(records, tables, this.#judge.replay, this.#judge.findings);
    return counts;
  }

  #result(violation: string | null, counts: { orders: number; trades: number }): RunResult {
    const { database, faults, world } = this.#parts;
    const coverage = new Coverage();
    coverage.addFaults(faults.counts);
    coverage.addOutcomes(this.#judge.replay, database.tables);
    const crashes = this.#exchange.all.reduce((sum, role) => sum + role.starts - 1, 0);
    const requests = this.#clients.reduce((sum, client) => sum + client.records.length, 0);
    return {
      seed: this.#options.seed,
      traceHash: world.traceHash(),
      violation,
      coverage,
      counts: {
        ...counts,
        events: world.eventCount,
        requests,
        crashes,
        virtualMs: Math.round(world.nowMs),
        recoveryMs: Math.round(world.nowMs - this.#healedAtMs),
      },
    };
  }
}

const INVARIANT_NAMES = [
  'L1',
  'L2',
  'L3',
  'L4',
  'L6',
  'M1',
  'M3',
  'M4',
  'M6',
  'M7',
  'M8',
  'A5',
] as const;

function toText(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint' ? each.toString() : each,
  );
}

function describe(error: unknown): string {
  const lines: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    const isOurs = at instanceof SimulationError;
    lines.push(isOurs ? at.message : (at.stack ?? at.message));
  }
  return lines.length === 0 ? String(error) : lines.join('\ncaused by: ');
}
