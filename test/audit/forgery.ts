// A sample exchange that tests forge and audit, each in a transaction that is rolled back.
import type pg from 'pg';
import { expect } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { runAudit } from './audit.ts';
import { makeClient } from './database.ts';
import { reportLines, type Findings, type Judged } from './findings.ts';
import { SampleExchange } from './sample-exchange.ts';
import type { SnapshotClaim } from './snapshots.ts';

interface AuditWishes {
  readonly isFinal?: boolean;
  readonly claims?: readonly SnapshotClaim[];
}

export class Forgery {
  readonly client: pg.Client;
  readonly exchange: SampleExchange;
  /** What the last audit said it had read. */
  told: string[] = [];
  readonly #database: TestDatabase;

  private constructor(database: TestDatabase, exchange: SampleExchange, client: pg.Client) {
    this.#database = database;
    this.exchange = exchange;
    this.client = client;
  }

  static async prepare(seed: number, commands: number): Promise<Forgery> {
    const database = await createTestDatabase();
    const exchange = new SampleExchange(database);
    await exchange.run(seed, commands);
    const client = makeClient(database.url);
    await client.connect();
    return new Forgery(database, exchange, client);
  }

  async end(): Promise<void> {
    await this.client.end();
    await this.#database.drop();
  }

  /** Audits what the database is after `forge`, which no trigger hinders. */
  async audit(forge: () => Promise<unknown>, wishes: AuditWishes = {}): Promise<Findings> {
    const { client } = this;
    const { isFinal = true, claims = [] } = wishes;
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    try {
      await client.query('SET LOCAL session_replication_role = replica');
      await forge();
      this.told = [];
      return await runAudit({
        client,
        log: null,
        claims,
        isFinal,
        tell: (line) => this.told.push(line),
      });
    } finally {
      await client.query('ROLLBACK');
    }
  }

  /** Audits after some SQL. */
  auditSql(sql: string, wishes: AuditWishes = {}): Promise<Findings> {
    return this.audit(() => this.client.query(sql), wishes);
  }

  async one<Row>(sql: string): Promise<Row> {
    const result = await this.client.query<Row & pg.QueryResultRow>(sql);
    const [row] = result.rows;
    if (row === undefined) throw new Error(`no row: ${sql}`);
    return row;
  }

  /** Changes the text of the first recorded execution that contains `mark`. */
  rewriteExecutions(from: string, to: string, mark: string): Promise<unknown> {
    return this.client.query(
      `UPDATE log.records SET value = convert_to(
         overlay(text PLACING $2 FROM position($1 IN text) FOR length($1)), 'UTF8')
       FROM (SELECT topic_id, record_offset, convert_from(value, 'UTF8') AS text
         FROM log.records JOIN log.topics USING (topic_id)
         WHERE name = 'engine.executions' AND convert_from(value, 'UTF8') LIKE '%' || $3 || '%'
         ORDER BY record_offset LIMIT 1) r
       WHERE records.topic_id = r.topic_id AND records.record_offset = r.record_offset`,
      [from, to, mark],
    );
  }

  /** Appends a copy of the first record of a topic that contains `mark`, with changed text. */
  async appendCopy(topic: string, mark: string, from: string, to: string): Promise<void> {
    await this.client.query(
      `INSERT INTO log.records
       SELECT topic_id, partition, next_offset, key, headers,
         convert_to(replace(convert_from(value, 'UTF8'), $3, $4), 'UTF8'), r.created_at
       FROM log.records r JOIN log.topics t USING (topic_id)
       JOIN log.partitions USING (topic_id, partition)
       WHERE t.name = $1 AND convert_from(value, 'UTF8') LIKE '%' || $2 || '%'
       ORDER BY record_offset LIMIT 1`,
      [topic, mark, from, to],
    );
    await this.client.query(
      `UPDATE log.partitions SET next_offset = next_offset + 1
       WHERE topic_id = (SELECT topic_id FROM log.topics WHERE name = $1)`,
      [topic],
    );
  }

  /** A forger who knows the ledger: balances, running balances and row versions fit afterwards. */
  async rewriteEntry(sql: string, parameters: readonly unknown[]): Promise<void> {
    await this.client.query(sql, [...parameters]);
    await this.client.query(
      `UPDATE ledger.accounts a SET total = (SELECT coalesce(sum(amount), 0)
         FROM ledger.postings p WHERE p.account = a.account)`,
    );
    await this.client.query(
      `UPDATE ledger.postings p SET balance_after = r.sum FROM (
         SELECT entry, leg, sum(amount) OVER (PARTITION BY account ORDER BY entry, leg) AS sum
         FROM ledger.postings) r
       WHERE r.entry = p.entry AND r.leg = p.leg`,
    );
    await this.client.query('UPDATE ledger.entries SET transaction_xid = pg_current_xact_id()');
  }
}

/** Which invariants are violated. */
export function violatedBy(findings: Findings): string[] {
  const lines = reportLines(findings, true).filter((line) => !line.endsWith(' ok'));
  return lines.map((line) => line.split(' ')[0] ?? '');
}

export function expectOnly(findings: Findings, judged: Judged, row: object): void {
  expect(violatedBy(findings)).toEqual([judged]);
  expect(findings.find(judged)?.row).toMatchObject(row);
}
