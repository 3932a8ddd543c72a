// C19: the audit log's two tools as an operator runs them, each a process with nothing but its
// variables: what they print, and how they end.
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBus } from '../bus/open-bus.ts';
import { TOPICS } from '../events/catalog.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { appendAudit } from './append.ts';

let database: TestDatabase;
let directory: string;
let anchors: string;
const keyFile = (name: 'private' | 'public'): string => join(directory, `${name}.pem`);
beforeAll(async () => {
  database = await createTestDatabase();
  const bus = openBus({ url: database.url, applicationName: 'test', log: silentLogger() });
  await bus.provision(Object.values(TOPICS));
  await bus.close();
  directory = mkdtempSync(join(tmpdir(), 'bourse-audit-tools-'));
  anchors = mkdtempSync(join(directory, 'anchors-'));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(keyFile('private'), privatePem, { mode: 0o600 });
  writeFileSync(keyFile('public'), publicKey.export({ type: 'spki', format: 'pem' }));
  const risk = database.poolFor('bourse_risk', 1);
  for (const subject of ['usr_0000000000000001', 'usr_0000000000000002']) {
    await appendAudit(risk, {
      stream: 'risk',
      actor: { kind: 'operator', id: 'olivia' },
      action: 'limits.change',
      subject,
      before: null,
      after: { value: '1000' },
      reason: 'agreed in March',
      requestId: null,
    });
  }
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await database.drop();
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(
  main: string,
  environment: Readonly<Record<string, string>>,
  ...words: string[]
): Promise<Ended> {
  const args = ['--import', 'tsx', `shared/audit/${main}.ts`, ...words];
  const env = { PATH: process.env['PATH'], ...environment };
  return new Promise((done) => {
    execFile(process.execPath, args, { env }, (error, out, err) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

const verify = (...words: string[]): Promise<Ended> =>
  run('verify-main', { DATABASE_URL: database.urlFor('bourse_audit_reader') }, ...words);
const checked = (): string[] => ['--anchors', anchors, '--public-key', keyFile('public')];

const anchor = (change: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  run('anchor-main', {
    DATABASE_URL: database.urlFor('bourse_audit_anchor'),
    AUDIT_ANCHOR_KEY_FILE: keyFile('private'),
    AUDIT_ANCHOR_DIR: anchors,
    ...change,
  });

describe('C19 audit:anchor and audit:verify', () => {
  it('name what they miss, and end with 2', async () => {
    const [unsigned, unknown, without, keyless, help] = await Promise.all([
      verify('--anchors', anchors),
      verify('--nonsense'),
      run('verify-main', {}),
      anchor({ AUDIT_ANCHOR_KEY_FILE: join(directory, 'none.pem') }),
      verify('--help'),
    ]);
    expect(unsigned).toMatchObject({ code: 2, out: '' });
    expect(unknown).toMatchObject({ code: 2, out: '' });
    expect(without).toMatchObject({ code: 2, out: '' });
    expect(without.err).toContain('DATABASE_URL');
    expect(keyless).toMatchObject({ code: 2, out: '' });
    expect(keyless.err).toContain('none.pem');
    expect(help.out).toContain('npm run audit:verify');
  });

  it('find it sound, with an anchor and without', async () => {
    const anchored = await anchor();
    expect(anchored).toMatchObject({ code: 0, err: '' });
    expect(anchored.out).toContain('anchored 2 records');
    const plain = await verify();
    expect(plain.code).toBe(0);
    expect(plain.out).toMatch(/^risk {2}2 records$/m);
    expect(plain.out).toMatch(/^sound$/m);
    expect(await verify(...checked())).toMatchObject({ code: 0 });
  });

  it('name the first bad record, and end with 1', async () => {
    const change = `ALTER TABLE audit.records DISABLE TRIGGER ALL;
      UPDATE audit.records SET record = replace(record, 'March', 'April') WHERE sequence = 1;
      ALTER TABLE audit.records ENABLE TRIGGER ALL`;
    await database.pool.query(change);
    const found = await verify();
    expect(found.code).toBe(1);
    expect(found.out).toMatch(/^BAD {2}risk 1/m);
    const { out } = await verify(...checked(), '--json');
    const report = JSON.parse(out) as { findings: { stream: string; sequence: number }[] };
    expect(report.findings[0]).toMatchObject({ stream: 'risk', sequence: 1 });
  });
});
