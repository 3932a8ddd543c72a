// The test databases themselves: real, migrated, apart from each other.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, readMigrations } from '../db/migrate.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

describe('a test database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('is migrated already, and migrating it again does nothing', async () => {
    expect(await migrate(database.pool, await readMigrations())).toEqual([]);
  });

  it('refuses a migration that was changed after it had been applied', async () => {
    const [first, ...rest] = await readMigrations();
    if (first === undefined) throw new Error('no migrations');
    const changed = [{ ...first, checksum: 'other' }, ...rest];
    await expect(migrate(database.pool, changed)).rejects.toThrow('was changed after');
  });

  it('lets a role in only as itself', async () => {
    const pool = database.poolFor('bourse_orders');
    const result = await pool.query<{ current_user: string }>('SELECT current_user');
    expect(result.rows[0]?.current_user).toBe('bourse_orders');
    await expect(pool.query('CREATE TABLE public.anything (id int)')).rejects.toThrow(
      'permission denied',
    );
  });
});
