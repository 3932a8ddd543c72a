// People of a new exchange: alice and bob, who can sign in, and whoever is asked a token for.
import { withTransaction, type Pool } from '../../../shared/db/pool.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { parseUserId, userId } from '../../../shared/domain/ids.ts';
import { isRejection } from '../../../shared/domain/rejection.ts';
import { createPasswordHasher } from '../../../shared/passwords/hasher.ts';
import { indexEmail, sealEmail, type EmailKeys } from '../../../shared/secrets/email.ts';
import { SEEDED_USERS } from './accounts.ts';

/** Of alice and bob. No secret: the exchange of a laptop is for whoever sits there. */
export const DEVELOPMENT_PASSWORD = 'only for development';

/** `alice` is alice@example.test. What they have changed since stays as it is. */
export async function seedUsers(admin: Pool, emailKeys: EmailKeys): Promise<void> {
  const hasher = createPasswordHasher();
  for (const [name, id] of Object.entries(SEEDED_USERS)) {
    const userNumber = parseUserId(id);
    assert(userNumber !== null, 'a seeded user has an id');
    const known = await admin.query('SELECT FROM users.users WHERE user_number = $1', [userNumber]);
    if (known.rowCount !== 0) continue;
    const hash = await hasher.hash(DEVELOPMENT_PASSWORD);
    assert(!isRejection(hash), 'two passwords are not too many');
    await withTransaction(admin, async (tx) => {
      await tx.query('SET LOCAL ROLE bourse_users');
      await tx.query(
        `INSERT INTO users.users (user_number, email_sealed, email_index, status,
           email_verified_at)
         VALUES ($1, $2, $3, 'active', clock_timestamp())`,
        [userNumber, ...keptOf(emailKeys, userNumber, `${name}@example.test`)],
      );
      await tx.query('INSERT INTO users.passwords (user_number, hash) VALUES ($1, $2)', [
        userNumber,
        hash,
      ]);
    });
  }
}

/** Changes nothing when the user is there. Without a password nobody can sign in as them. */
export async function addDevelopmentUser(
  admin: Pool,
  emailKeys: EmailKeys,
  userNumber: number,
): Promise<void> {
  await withTransaction(admin, async (tx) => {
    // The function draws numbers and cannot set them.
    await tx.query('SET LOCAL ROLE bourse_users_owner');
    const added = await tx.query(
      `INSERT INTO users.users (user_number, email_sealed, email_index, status, email_verified_at)
       VALUES ($1, $2, $3, 'active', clock_timestamp()) ON CONFLICT (user_number) DO NOTHING`,
      [userNumber, ...keptOf(emailKeys, userNumber, `${userId(userNumber)}@example.test`)],
    );
    if (added.rowCount === 0) return;
    // Whoever signs up next has a number above.
    await tx.query(
      `SELECT setval(s.name, $1::bigint)
       FROM pg_get_serial_sequence('users.users', 'user_number') s (name)
       WHERE $1::bigint > coalesce(pg_sequence_last_value(s.name::regclass), 999999)`,
      [userNumber],
    );
  });
}

/** An address as the table has it: sealed, and its index. */
function keptOf({ ring, index }: EmailKeys, userNumber: number, email: string): [string, Buffer] {
  return [sealEmail(ring, userNumber, email), indexEmail(index, email)];
}
