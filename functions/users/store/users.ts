// The SQL of people: found, added, changed.
import type { Queryable, Tx } from '../../../shared/db/pool.ts';
import type { User } from '../decide.ts';

const COLUMNS = `user_number AS "userNumber", email, email_verified_at AS "emailVerifiedAt", status,
  kyc_level::integer AS "kycLevel", language, anti_phishing_code AS "antiPhishingCode",
  created_at AS "createdAt"`;

/** Locked either way: a sign-up with the same address waits for this one. */
export async function findOrAddUser(
  tx: Tx,
  email: string,
  language: string,
  now: Date,
): Promise<User> {
  const result = await tx.query<User>(
    `INSERT INTO users.users AS u (email, language, created_at) VALUES ($1, $2, $3)
     ON CONFLICT (email) DO UPDATE SET email = u.email RETURNING ${COLUMNS}`,
    [email, language, now],
  );
  const [user] = result.rows;
  if (user === undefined) throw new Error('a user was neither found nor added');
  return user;
}

/** Read as the owner. */
export async function findUser(tx: Tx, userNumber: number): Promise<User | null> {
  const result = await tx.query<User>(
    `SELECT ${COLUMNS} FROM users.own_users WHERE user_number = $1`,
    [userNumber],
  );
  return result.rows[0] ?? null;
}

/** Nobody else changes the user, or counts their mails, until the transaction ends. */
export async function lockUser(tx: Tx, userNumber: number): Promise<User | null> {
  const result = await tx.query<User>(
    `SELECT ${COLUMNS} FROM users.users WHERE user_number = $1 FOR NO KEY UPDATE`,
    [userNumber],
  );
  return result.rows[0] ?? null;
}

export async function findUserByEmail(db: Queryable, email: string): Promise<User | null> {
  const result = await db.query<User>(`SELECT ${COLUMNS} FROM users.users WHERE email = $1`, [
    email,
  ]);
  return result.rows[0] ?? null;
}

export async function lockUserByEmail(tx: Tx, email: string): Promise<User | null> {
  const result = await tx.query<User>(
    `SELECT ${COLUMNS} FROM users.users WHERE email = $1 FOR NO KEY UPDATE`,
    [email],
  );
  return result.rows[0] ?? null;
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
  userNumber: number,
  change: {
    readonly language?: string | undefined;
    readonly antiPhishingCode?: string | null | undefined;
  },
): Promise<User | null> {
  const result = await db.query<User>(
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
  return result.rows[0] ?? null;
}

/** True when the user has this address now. Throws on `users_by_email` where somebody else has. */
export async function moveEmail(
  tx: Tx,
  userNumber: number,
  email: string,
  now: Date,
): Promise<boolean> {
  const result = await tx.query(
    `UPDATE users.users SET email = $2, email_verified_at = $3
     WHERE user_number = $1 AND status IN ('active', 'suspended')`,
    [userNumber, email, now],
  );
  return result.rowCount === 1;
}
