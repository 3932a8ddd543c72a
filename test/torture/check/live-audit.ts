// Reads the invariants while everything is being killed: every half second, on the primary, in one
// repeatable-read transaction, with SQL of its own.
import type pg from 'pg';
import { makeClient } from '../../audit/database.ts';
import { pause } from '../pause.ts';
import type { Violations } from './violations.ts';

const PERIOD_MS = 500;
/** Every so many reads the whole journal is summed as well. */
const READS_PER_FULL = 10;
const STATEMENT_TIMEOUT_MS = 20_000;

interface LiveCheck {
  readonly invariant: string;
  readonly problem: string;
  /** Answers the offending rows. */
  readonly sql: string;
  readonly isFull: boolean;
}

const CHECKS: readonly LiveCheck[] = [
  {
    invariant: 'L1',
    problem: 'the balances of an asset do not sum to zero',
    sql: 'SELECT asset, sum(total) AS sum FROM ledger.accounts GROUP BY asset HAVING sum(total) <> 0',
    isFull: false,
  },
  {
    invariant: 'L3',
    problem: 'a user has less than nothing',
    sql: `SELECT owner, asset, total, held FROM ledger.accounts
      WHERE kind = 'user' AND (held < 0 OR total < held)`,
    isFull: false,
  },
  {
    invariant: 'M11',
    problem: 'two engines disagreed: a market is stopped',
    sql: 'SELECT market, sequence FROM settlement.stopped_markets',
    isFull: false,
  },
  {
    invariant: 'A2',
    problem: 'an event went to the dead letters',
    sql: `SELECT p.partition, p.next_offset FROM log.topics t JOIN log.partitions p USING (topic_id)
      WHERE t.name = 'dead-letters' AND p.next_offset > 0`,
    isFull: false,
  },
  {
    invariant: 'L1',
    problem: 'the postings of an asset do not sum to zero',
    sql: 'SELECT asset, sum(amount) AS sum FROM ledger.postings GROUP BY asset HAVING sum(amount) <> 0',
    isFull: true,
  },
  {
    invariant: 'L4',
    problem: 'what is held is not the sum of the holds',
    sql: `SELECT a.account, a.held, coalesce(h.sum, 0) AS holds FROM ledger.accounts a
      LEFT JOIN (SELECT account, sum(remaining) AS sum FROM ledger.holds GROUP BY account) h
        USING (account)
      WHERE a.held <> coalesce(h.sum, 0)`,
    isFull: true,
  },
  {
    invariant: 'M4',
    problem: 'settled trades and trade entries are not as many',
    sql: `SELECT s.trades, e.entries FROM
        (SELECT count(*) AS trades FROM settlement.executions WHERE kind = 'trade') s,
        (SELECT count(*) AS entries FROM ledger.entries WHERE kind = 'trade') e
      WHERE s.trades <> e.entries`,
    isFull: true,
  },
];

export class LiveAudit {
  /** Reads that saw all of their rows. */
  reads = 0;
  /** Reads that Postgres was not there for. */
  misses = 0;
  readonly #url: () => string;
  readonly #violations: Violations;
  #client: pg.Client | null = null;
  #stopped = false;
  #running: Promise<void> | null = null;
  #newestEntry = 0;

  constructor(url: () => string, violations: Violations) {
    this.#url = url;
    this.#violations = violations;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await this.#client?.end().catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const startedMs = performance.now();
      try {
        await this.#read(this.reads % READS_PER_FULL === 0);
        this.reads += 1;
      } catch {
        // The server is down, which is the point; the next read finds what it left.
        this.misses += 1;
        await this.#client?.end().catch(() => undefined);
        this.#client = null;
      }
      await pause(Math.max(0, PERIOD_MS - (performance.now() - startedMs)));
    }
  }

  async #read(isFull: boolean): Promise<void> {
    const client = await this.#connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const check of CHECKS) {
      if (check.isFull && !isFull) continue;
      const { rows } = await client.query<Record<string, unknown>>(`${check.sql} LIMIT 10`);
      for (const row of rows) this.#violations.add(check.invariant, check.problem, row);
    }
    const newest = await client.query<{ entry: number }>(
      'SELECT coalesce(max(entry), 0) AS entry FROM ledger.entries',
    );
    const entry = newest.rows[0]?.entry ?? 0;
    if (entry < this.#newestEntry) {
      const row = { seen: this.#newestEntry, now: entry };
      this.#violations.add('L6', 'a journal entry that was committed is gone', row);
    }
    this.#newestEntry = Math.max(this.#newestEntry, entry);
    await client.query('COMMIT');
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    const client = makeClient(this.#url());
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`SET statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
    this.#client = client;
    return client;
  }
}
