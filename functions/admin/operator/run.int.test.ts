// The first of the staff, from the command line to the tables and the audit log.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pool } from '../../../shared/db/pool.ts';
import { messageOf } from '../../../shared/operator/operator.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import { findStaff } from '../store/staff.ts';
import { readCommand } from './options.ts';
import { MEANINGS, runCommand } from './run.ts';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = database.poolFor('bourse_admin');
});
afterAll(() => database.drop());

async function admin(...args: string[]): Promise<string> {
  try {
    const command = readCommand([...args, '--reason', 'a start'], 'olivia');
    return command === null ? 'help' : (await runCommand(pool, command)).join('\n');
  } catch (error) {
    return messageOf(error, MEANINGS);
  }
}

describe('npm run admin', () => {
  it.each([
    [['user', 'create', 'a@b.example'], 'no command user'],
    [['staff', 'create', 'ann', 'Ann'], 'name the person by an e-mail address'],
    [['staff', 'create', 'a@b.example'], 'create EMAIL NAME [ROLE...]'],
    [['staff', 'create', 'a@b.example', 'Ann', 'king'], 'no role king'],
    [['staff', 'create', 'a@b.example', 'Ann', 'risk', '--break-glass'], 'needs no roles'],
    [['staff', 'promote', 'a@b.example'], 'no command staff promote'],
    [['staff', 'enrol', 'a@b.example', 'Ann'], 'enrol EMAIL'],
    [['staff', 'disable', 'nobody@b.example'], 'nobody has the address'],
    [['staff', 'enrol', 'nobody@b.example'], 'nobody has the address'],
  ])('refuses %j', async (args, complaint) => {
    expect(await admin(...args)).toContain(complaint);
  });

  it('needs a reason', () => {
    expect(() => readCommand(['staff', 'disable', 'a@b.example'], 'o')).toThrow('--reason');
  });

  it('makes people, disables them, and tells the audit log', async () => {
    expect(await admin('staff', 'create', 'Ann@b.example', 'Ann', 'security')).toContain(
      'security',
    );
    expect(await admin('staff', 'create', 'ann@b.example', 'Ann')).toContain('already');
    expect(await admin('staff', 'create', 'bob@b.example', 'Bob', 'security')).toMatch(
      /^enrolment {2}ben_[A-Za-z0-9_-]{43} /m,
    );
    await admin('staff', 'create', 'cy@b.example', 'Cy', 'security', 'risk');
    expect(await admin('staff', 'disable', 'cy@b.example')).toContain('is disabled');
    expect(await admin('staff', 'disable', 'cy@b.example')).toContain('nothing changed');
    expect(await admin('staff', 'disable', 'bob@b.example')).toContain('too few would be left');
    expect(await admin('staff', 'enrol', 'cy@b.example')).toContain('enable them first');
    expect(await admin('staff', 'enable', 'cy@b.example')).toContain('is active');
    expect(await admin('staff', 'disable', 'bob@b.example')).toContain('is disabled');
    expect(await findStaff(pool, 1)).toMatchObject({ isActive: true, isBreakGlass: false });
    const { rows } = await database.pool.query<{ action: string }>(
      `SELECT action FROM audit.records WHERE stream = 'admin' ORDER BY sequence`,
    );
    expect(rows.map(({ action }) => action)).toEqual([
      ...Array.from({ length: 3 }, () => 'staff.create'),
      'staff.disable',
      'staff.enable',
      'staff.disable',
    ]);
  });
});
