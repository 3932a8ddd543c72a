// The SQL of people: found, added, changed. Addresses go in sealed and come out opened.
import type { Queryable, Tx } from '../../../shared/db/pool.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { indexEmail, openEmail, sealEmail, type EmailKeys } from '../../../shared/secrets/email.ts';
import type { User } from '../decide.ts';

type UserRow = Omit<User, 'email'> & { readonly emailSealed: string | null };

const COLUMNS = `user_number AS "userNumber", email_sealed AS "emailSealed",
  email_verified_at AS "emailVerifiedAt", status, kyc_level::integer AS "kycLevel", language,
  anti_phishing_code AS "antiPhishingCode", created_at AS "createdAt"`;

function openUser({ ring }: EmailKeys, row: UserRow | undefined): User | null {
  if (row === undefined) return null;
  const { emailSealed, ...user } = row;
  const email = emailSealed === null ? null : openEmail(ring, user.userNumber, emailSealed);
  return { ...user, email };
}

/**
 * Who was found by an address has it: whoever can write to the table and not seal could otherwise
 * have a stranger's account answer to an address of their own.
 */
function openFound(keys: EmailKeys, row: UserRow | undefined, email: string): User | null {
  const user = openUser(keys, row);
  assert(user === null || user.email === email, 'an index leads to another address');
  return user;
}

/** Locked either way: a sign-up with the same address waits for this one. */
export async function findOrAddUser(
  tx: Tx,
  keys: EmailKeys,
  email: string,
  language: string,
  now: Date,
): Promise<User> {
  const drawn = await tx.query<{ userNumber: number }>(
    `SELECT nextval('users.users_user_number_seq') AS "userNumber"`,
  );
  const userNumber = drawn.rows[0]?.userNumber;
  assert(userNumber !== undefined, 'a sequence has a next number');
  const result = await tx.query<UserRow>(
    `INSERT INTO users.users AS u (user_number, email_sealed, email_index, language, created_at)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (email_index) DO UPDATE SET email_index = u.email_index RETURNING ${COLUMNS}`,
    [
      userNumber,
      sealEmail(keys.ring, userNumber, email),
      indexEmail(keys.index, email),
      language,
      now,
    ],
  );
  const user = openFound(keys, result.rows[0], email);
  assert(user !== null, 'a user is either found or added');
  return user;
}

/** Read as the owner. */
export async function findUser(tx: Tx, keys: EmailKeys, userNumber: number): Promise<User | null> {
  const result = await tx.query<UserRow>(
    `SELECT ${COLUMNS} FROM users.own_users WHERE user_number = $1`,
    [userNumber],
  );
  return openUser(keys, result.rows[0]);
}

/** Nobody else changes the user, or counts their mails, until the transaction ends. */
export async function lockUser(tx: Tx, keys: EmailKeys, userNumber: number): Promise<User | null> {
  const result = await tx.query<UserRow>(
    `SELECT ${COLUMNS} FROM users.users WHERE user_number = $1 FOR NO KEY UPDATE`,
    [userNumber],
  );
  return openUser(keys, result.rows[0]);
}

export async function findUserByEmail(
  db: Queryable,
  keys: EmailKeys,
  email: string,
): Promise<User | null> {
  const result = await db.query<UserRow>(
    `SELECT ${COLUMNS} FROM users.users WHERE email_index = $1`,
    [indexEmail(keys.index, email)],
  );
  return openFound(keys, result.rows[0], email);
}

export async function lockUserByEmail(
  tx: Tx,
  keys: EmailKeys,
  email: string,
): Promise<User | null> {
  const result = await tx.query<UserRow>(
    `SELECT ${COLUMNS} FROM users.users WHERE email_index = $1 FOR NO KEY UPDATE`,
    [indexEmail(keys.index, email)],
  );
  return openFound(keys, result.rows[0], email);
}

/** False when the user is pending no more. */
export async function activateUser(tx: Tx, userNumber: number, now: Date): Promise<boolean> {
  const result = await tx.query(
    `UPDATE users.users SET status = 'active', email_verified_at = $2
     WHERE user_number = $1 AND status = 'pending'`,
    [userNumber, now],
  );
  return result.rowCount === 1;
}

/** What is undefined stays. Null when there is no such user any more. */
export async function changeUser(
  db: Queryable,
  keys: EmailKeys,
  userNumber: number,
  change: {
    readonly language?: string | undefined;
    readonly antiPhishingCode?: string | null | undefined;
  },
): Promise<User | null> {
  const result = await db.query<UserRow>(
    `UPDATE users.users SET language = coalesce($2, language),
       anti_phishing_code = CASE WHEN $3::boolean THEN $4::text ELSE anti_phishing_code END
     WHERE user_number = $1 AND status <> 'closed' RETURNING ${COLUMNS}`,
    [
      userNumber,
      change.language ?? null,
      change.antiPhishingCode !== undefined,
      change.antiPhishingCode ?? null,
    ],
  );
  return openUser(keys, result.rows[0]);
}

/** True when the user has this address now. Throws on `users_by_email` where somebody else has. */
export async function moveEmail(
  tx: Tx,
  keys: EmailKeys,
  userNumber: number,
  email: string,
  now: Date,
): Promise<boolean> {
  const result = await tx.query(
    `UPDATE users.users SET email_sealed = $2, email_index = $3, email_verified_at = $4
     WHERE user_number = $1 AND status IN ('active', 'suspended')`,
    [userNumber, sealEmail(keys.ring, userNumber, email), indexEmail(keys.index, email), now],
  );
  return result.rowCount === 1;
}
