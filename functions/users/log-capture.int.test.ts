// C38 What the users function says of its work: no address, link, password or phrase, in any line.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../shared/telemetry/logger.ts';
import { createUsersFixture, OTHER_PASSWORD, PASSWORD, type UsersFixture } from './fixture.ts';

const lines: string[] = [];
let users: UsersFixture;
beforeAll(async () => {
  const destination = { write: (line: string) => void lines.push(line) };
  users = await createUsersFixture(createLogger({ service: 'users', level: 'trace', destination }));
});
afterAll(() => users.close());

it('C38 logs what happened without saying to whom', async () => {
  const email = 'secretive@example.org';
  const caller = await users.addUser(email);
  const post = (path: string, body: unknown) => users.call('POST', path, body, caller);
  await users.call('PATCH', '/v1/users/me', { antiPhishingCode: 'blue heron' }, caller);
  await post('/v1/users', { email, password: OTHER_PASSWORD });
  await post('/v1/users', { email: `${email}x@`, password: OTHER_PASSWORD });
  await post('/v1/users/password-resets', { email });
  const { token } = (await users.mailTo(email, 'reset_password')).values;
  await post('/v1/users/password-resets/confirm', { token, password: OTHER_PASSWORD });
  await post('/v1/users/password-resets/confirm', { token, password: OTHER_PASSWORD });
  await post('/v1/users/me/email', { email: 'secretive.too@example.org' });
  const change = await users.mailTo('secretive.too@example.org', 'change_email');
  // The table is away: the database's own complaint is logged, and holds none of it either.
  await users.database.pool.query('ALTER TABLE users.email_changes RENAME TO away');
  await post('/v1/users/email-changes/confirm', { token: change.values['token'] });
  await users.database.pool.query('ALTER TABLE users.away RENAME TO email_changes');
  // A row that a constraint refuses: Postgres puts its values into the detail of the error.
  await users.database.pool.query(
    `ALTER TABLE users.users ADD CONSTRAINT never CHECK (language <> 'xx')`,
  );
  await post('/v1/users', { email: 'refused@example.org', password: PASSWORD, language: 'xx' });
  expect(lines.filter((line) => line.includes('"level":"error"')).length).toBeGreaterThan(0);
  const said = lines.join('');
  expect(said).not.toMatch(/example\.org|bml_|heron|argon2id\$/);
  expect(said).not.toContain(PASSWORD);
  expect(said).not.toContain(OTHER_PASSWORD);
});
