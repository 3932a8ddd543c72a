// The Postgres of the harness: killed and started again, it has lost nothing.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findVariable } from '../../config/environment.ts';
import { createPool, type Pool } from '../../db/pool.ts';
import { readEngine } from './choose-engine.ts';
import { startServices, type Services } from './start-services.ts';

describe('Postgres of the harness', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bourse-postgres-'));
  chmodSync(dataDir, 0o755);
  let services: Services<'postgres'>;

  const withPool = async <Answer>(act: (pool: Pool) => Promise<Answer>): Promise<Answer> => {
    const pool = createPool({
      url: services.postgres.url,
      applicationName: 'harness-test',
      connectionsMax: 1,
    });
    try {
      return await act(pool);
    } finally {
      await pool.end();
    }
  };

  beforeAll(async () => {
    // Never a container by chance: npm test needs only Node.
    const engine = readEngine(findVariable('SERVICES_ENGINE') ?? 'process');
    services = await startServices(['postgres'], { dataDir, engine });
  });
  afterAll(async () => {
    await services.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('keeps port and data through kill -9 and through a restart', async () => {
    const { postgres } = services;
    await withPool((pool) => pool.query('CREATE TABLE kept AS SELECT 1 AS n'));
    await postgres.kill();
    await expect(withPool((pool) => pool.query('SELECT 1'))).rejects.toThrow('ECONNREFUSED');
    await postgres.start();
    await withPool((pool) => pool.query('INSERT INTO kept VALUES (2)'));
    await postgres.restart();
    const rows = await withPool((pool) => pool.query('SELECT n FROM kept ORDER BY n'));
    expect(rows.rows).toEqual([{ n: 1 }, { n: 2 }]);
  });
});
