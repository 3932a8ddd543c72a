// C19: the audit log on a real database. T27: whoever tampers with it is refused or found out.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBus } from '../bus/open-bus.ts';
import { withTransaction, type Pool } from '../db/pool.ts';
import { DATABASE_ROLES } from '../db/roles.ts';
import { TOPICS } from '../events/catalog.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { readAnchors } from './anchor-files.ts';
import { appendAudit } from './append.ts';
import { formatFinding } from './finding.ts';
import type { AuditRecord } from './record.ts';
import { takeAnchor } from './take-anchor.ts';
import { verifyAudit, type Report } from './verify.ts';

const RECORD: AuditRecord = {
  stream: 'risk',
  actor: { kind: 'operator', id: 'olivia' },
  action: 'limits.change',
  subject: 'usr_0000000000000001',
  before: null,
  after: { name: 'turnover_max', value: '1000', text: 'Zoë \u0000 \ud800 €' },
  reason: 'agreed in March',
  requestId: null,
};
const { privateKey, publicKey } = generateKeyPairSync('ed25519');

let database: TestDatabase;
let risk: Pool;
let directory: string;
beforeEach(async () => {
  database = await createTestDatabase();
  risk = database.poolFor('bourse_risk', 10);
  directory = mkdtempSync(join(tmpdir(), 'anchors-'));
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  await database.drop();
});

async function append(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    await appendAudit(risk, { ...RECORD, subject: `usr_${String(at + 1).padStart(16, '0')}` });
  }
}

async function anchor(nowMs = 1_000): Promise<void> {
  const url = database.urlFor('bourse_audit_anchor');
  const bus = openBus({ url, applicationName: 'test', log: silentLogger() });
  const pool = database.poolFor('bourse_audit_anchor', 1);
  await takeAnchor({ pool, bus, directory, key: privateKey, nowMs });
  await bus.close();
}

async function provision(): Promise<void> {
  const bus = openBus({ url: database.url, applicationName: 'test', log: silentLogger() });
  await bus.provision(Object.values(TOPICS));
  await bus.close();
}

function verify(keys = [publicKey]): Promise<Report> {
  const anchors = { stored: readAnchors(directory), keys };
  return verifyAudit(database.poolFor('bourse_audit_reader', 1), anchors);
}

async function findings(): Promise<string[]> {
  return (await verify()).findings.map(formatFinding);
}

/** As a superuser who has turned the triggers off. */
async function tamper(...statements: string[]): Promise<void> {
  await withTransaction(database.pool, async (tx) => {
    await tx.query('ALTER TABLE audit.records DISABLE TRIGGER ALL');
    await tx.query('ALTER TABLE audit.heads DISABLE TRIGGER ALL');
    for (const statement of statements) await tx.query(statement);
    await tx.query('ALTER TABLE audit.records ENABLE TRIGGER ALL');
    await tx.query('ALTER TABLE audit.heads ENABLE TRIGGER ALL');
  });
}

/** Computes the chain anew from a number on, as somebody would who knows how. */
const REHASH = (from: number): string => `DO $$
  DECLARE r record; h bytea;
  BEGIN
    SELECT hash INTO h FROM audit.records WHERE stream = 'risk' AND sequence = ${from} - 1;
    FOR r IN SELECT * FROM audit.records WHERE stream = 'risk' AND sequence >= ${from}
      ORDER BY sequence LOOP
      UPDATE audit.records SET previous_hash = h, hash = sha256(h || convert_to(r.sequence || E'\\n'
        || r.recorded_at_ms || E'\\n' || r.database_role || E'\\n' || r.record, 'UTF8'))
      WHERE stream = 'risk' AND sequence = r.sequence RETURNING hash INTO h;
    END LOOP;
    UPDATE audit.heads SET hash = h WHERE stream = 'risk';
  END $$`;

const CHANGE = (sequence: number): string =>
  `UPDATE audit.records SET record = replace(record, 'March', 'April')
   WHERE stream = 'risk' AND sequence = ${sequence}`;

describe('T27: nobody who works with it changes the audit log', () => {
  const CHANGES = [
    `UPDATE audit.records SET record = '{}'`,
    'DELETE FROM audit.records',
    'TRUNCATE audit.records',
    'UPDATE audit.heads SET sequence = 0',
    'DELETE FROM audit.heads',
    'TRUNCATE audit.heads CASCADE',
    `INSERT INTO audit.records VALUES ('risk', 9, 1, 'x', '{}', '', '')`,
    `INSERT INTO audit.writers VALUES ('admin', 'bourse_risk')`,
  ];

  const ROLES = DATABASE_ROLES.filter(
    (role) => !/ledger_reader|bus|engine|market_data|settle|notifications/.test(role),
  );

  it('neither does any role that writes to it or reads it', async () => {
    expect(ROLES).toHaveLength(11);
    for (const role of ROLES) {
      const pool = database.poolFor(role, 1);
      for (const change of CHANGES) {
        await expect(pool.query(change), `${role}: ${change}`).rejects.toThrow('permission denied');
      }
    }
  });

  it('nor the owner of the schema, nor a superuser who leaves the triggers on', async () => {
    await append(1);
    for (const change of CHANGES.slice(0, 3)) {
      await withTransaction(database.pool, async (tx) => {
        await tx.query('SET LOCAL ROLE bourse_audit');
        await tx.query(change);
      }).then(
        () => expect.unreachable(change),
        (error: unknown) => expect(String(error)).toContain('permission denied'),
      );
      await expect(database.pool.query(change)).rejects.toThrow('append-only');
    }
    await expect(database.pool.query(CHANGES[3] ?? '')).rejects.toThrow('append-only');
    await expect(database.pool.query(CHANGES[4] ?? '')).rejects.toThrow('append-only');
    await expect(database.pool.query(CHANGES[5] ?? '')).rejects.toThrow('append-only');
    expect(await findings()).toEqual([]);
  });

  it('nor writes to the stream of another, or to none', async () => {
    const admin = { ...RECORD, stream: 'admin' } as const;
    await expect(appendAudit(risk, admin)).rejects.toThrow('may not write to the audit stream');
    const anchorPool = database.poolFor('bourse_audit_anchor', 1);
    await expect(appendAudit(anchorPool, RECORD)).rejects.toThrow('permission denied');
    await expect(
      risk.query(`SELECT audit.append('risk', $1)`, ['{"stream":"fees"}']),
    ).rejects.toThrow();
    await expect(appendAudit(risk, { ...RECORD, action: 'nonsense' })).rejects.toThrow(
      'records_action_form',
    );
    expect((await verify()).streams.every(({ records }) => records === 0)).toBe(true);
  });
});

describe('T27: a superuser with the triggers off is found out', () => {
  beforeEach(async () => {
    await provision();
    await append(6);
    await anchor();
  });

  it.each<[string, string[], string]>([
    ['changes a record', [CHANGE(3)], 'risk 3: hash'],
    [
      'changes a record and its hash',
      [
        CHANGE(3),
        `UPDATE audit.records SET hash = sha256(previous_hash || convert_to(sequence || E'\\n'
           || recorded_at_ms || E'\\n' || database_role || E'\\n' || record, 'UTF8'))
         WHERE stream = 'risk' AND sequence = 3`,
      ],
      'risk 4: link',
    ],
    [
      'changes the time',
      [`UPDATE audit.records SET recorded_at_ms = 5 WHERE stream = 'risk' AND sequence = 2`],
      'risk 2: hash',
    ],
    [
      'changes who the database knew',
      [`UPDATE audit.records SET database_role = 'eve' WHERE stream = 'risk' AND sequence = 5`],
      'risk 5: hash',
    ],
    [
      'changes what is searched',
      [
        'ALTER TABLE audit.records ALTER subject DROP EXPRESSION',
        `UPDATE audit.records SET subject = 'nobody' WHERE stream = 'risk' AND sequence = 4`,
      ],
      'risk 4: column',
    ],
    [
      'deletes in the middle',
      [`DELETE FROM audit.records WHERE stream = 'risk' AND sequence = 3`],
      'risk 3: gap',
    ],
    [
      'deletes the first',
      [`DELETE FROM audit.records WHERE stream = 'risk' AND sequence = 1`],
      'risk 1: gap',
    ],
    [
      'deletes in the middle and numbers anew',
      [
        `DELETE FROM audit.records WHERE stream = 'risk' AND sequence = 3`,
        `UPDATE audit.records SET sequence = sequence - 1 WHERE stream = 'risk' AND sequence > 3`,
      ],
      'risk 3: link',
    ],
    [
      'exchanges two records',
      [
        `UPDATE audit.records SET sequence = 99 WHERE stream = 'risk' AND sequence = 2`,
        `UPDATE audit.records SET sequence = 2 WHERE stream = 'risk' AND sequence = 4`,
        `UPDATE audit.records SET sequence = 4 WHERE stream = 'risk' AND sequence = 99`,
      ],
      'risk 2: link',
    ],
    [
      'cuts the tail',
      [`DELETE FROM audit.records WHERE stream = 'risk' AND sequence > 4`],
      'risk 5: anchor: missing: anchored up to 6',
    ],
    [
      'cuts the tail and the head',
      [
        `DELETE FROM audit.records WHERE stream = 'risk' AND sequence > 4`,
        `UPDATE audit.heads h SET sequence = r.sequence, hash = r.hash,
           recorded_at_ms = r.recorded_at_ms
         FROM audit.records r WHERE r.stream = h.stream AND r.sequence = 4`,
      ],
      'risk 5: anchor: missing: anchored up to 6',
    ],
    ['truncates', ['TRUNCATE audit.records'], 'risk 1: anchor'],
    [
      'truncates and begins anew',
      [
        'TRUNCATE audit.records',
        `UPDATE audit.heads SET sequence = 0, recorded_at_ms = 0,
           hash = sha256(convert_to(stream, 'UTF8'))`,
      ],
      'risk 1: anchor',
    ],
    ['computes the chain anew from the middle on', [CHANGE(3), REHASH(3)], 'risk 6: anchor'],
    [
      'drops the head',
      [
        'ALTER TABLE audit.records DROP CONSTRAINT records_stream',
        'ALTER TABLE audit.writers DROP CONSTRAINT writers_stream',
        `DELETE FROM audit.heads WHERE stream = 'risk'`,
      ],
      'risk 6: head',
    ],
  ])('who %s', async (_, statements, finding) => {
    expect(await findings()).toEqual([]);
    await tamper(...statements);
    const found = await findings();
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(finding);
  });

  it('who cuts what no anchor has seen, as long as the head stands', async () => {
    await append(2);
    await tamper(`DELETE FROM audit.records WHERE stream = 'risk' AND sequence = 8`);
    expect(await findings()).toEqual(['risk 8: head: missing: the head is at 8']);
  });

  it('where an anchor names the part that was changed', async () => {
    await append(3);
    await anchor(2_000);
    await tamper(CHANGE(8), REHASH(8));
    expect(await findings()).toEqual([
      'risk 9: anchor: another hash was anchored: changed at 7 or later',
    ]);
  });
});

describe('anchors', () => {
  beforeEach(async () => {
    await provision();
    await append(2);
    await anchor();
  });

  it('count only with a signature of a known key', async () => {
    expect(await verify()).toMatchObject({ anchors: 1, findings: [] });
    const [{ file } = { file: '' }] = readAnchors(directory);
    const { publicKey: other } = generateKeyPairSync('ed25519');
    expect((await verify([other])).findings).toMatchObject([{ fault: 'signature' }]);
    expect(await verify([other, publicKey])).toMatchObject({ anchors: 1, findings: [] });
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"sequence":2', '"sequence":1'));
    expect((await verify()).findings).toMatchObject([{ fault: 'signature' }]);
    writeFileSync(file, text.slice(0, 40));
    expect((await verify()).findings).toMatchObject([{ fault: 'signature' }]);
  });

  it('are in the topic too', async () => {
    const found = await database.pool.query<{ value: Buffer }>(
      `SELECT r.value FROM log.records r JOIN log.topics t USING (topic_id)
       WHERE t.name = 'audit.anchors'`,
    );
    const [{ anchor: filed } = { anchor: null }] = readAnchors(directory);
    expect(found.rows.map(({ value }) => JSON.parse(value.toString()) as unknown)).toEqual([filed]);
  });
});

describe('many writers at once', () => {
  it('C19: 50 make a chain without gaps, and one that rolls back leaves none', async () => {
    const writers = Array.from({ length: 50 }, (_, writer) =>
      Promise.all(
        Array.from({ length: 4 }, async (__, round) =>
          withTransaction(risk, async (tx) => {
            await appendAudit(tx, { ...RECORD, subject: `w${writer}-${round}` });
            if ((writer + round) % 5 === 0) throw new Error('changed its mind');
          }).catch((error: unknown) => String(error)),
        ),
      ),
    );
    const outcomes = (await Promise.all(writers)).flat();
    const kept = outcomes.filter((each) => each === undefined).length;
    expect(kept).toBe(160);
    const { rows } = await database.pool.query<{ sequence: number }>(
      `SELECT sequence FROM audit.records WHERE stream = 'risk' ORDER BY sequence`,
    );
    expect(rows.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: kept }, (_, at) => at + 1),
    );
    expect(await findings()).toEqual([]);
  });
});
