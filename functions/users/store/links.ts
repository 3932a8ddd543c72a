// The SQL of links in mails. Each is used in one statement, so that of many who come with the same
// one, one wins.
import type { Queryable, Tx } from '../../../shared/db/pool.ts';
import { openEmail } from '../../../shared/secrets/email.ts';
import type { KeyRing } from '../../../shared/secrets/key-ring.ts';
import { hashSecret } from '../../../shared/secrets/token.ts';

export type LinkPurpose = 'verify_email' | 'reset_password' | 'change_email' | 'cancel_email';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const LINK_LIFE_MS: Readonly<Record<LinkPurpose, number>> = {
  verify_email: 24 * HOUR_MS,
  reset_password: 30 * MINUTE_MS,
  change_email: 24 * HOUR_MS,
  // As long as a changed address holds withdrawals: until then nothing is lost.
  cancel_email: 72 * HOUR_MS,
};

export interface NewLink {
  readonly token: string;
  readonly purpose: LinkPurpose;
  readonly userNumber: number;
  readonly passwordHash?: string;
  readonly changeNumber?: number;
}

export async function addLink(tx: Tx, link: NewLink, nowMs: number): Promise<void> {
  await tx.query(
    `INSERT INTO users.links (token_hash, purpose, user_number, password_hash, change_number,
       created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      hashSecret(link.token),
      link.purpose,
      link.userNumber,
      link.passwordHash ?? null,
      link.changeNumber ?? null,
      new Date(nowMs),
      new Date(nowMs + LINK_LIFE_MS[link.purpose]),
    ],
  );
}

export interface UsedLink {
  readonly userNumber: number;
  readonly passwordHash: string | null;
  readonly changeNumber: number | null;
}

/** Null for what is unknown, of another purpose, used or too old. */
export async function takeLink(
  tx: Tx,
  token: string,
  purpose: LinkPurpose,
  now: Date,
): Promise<UsedLink | null> {
  const result = await tx.query<UsedLink>(
    `UPDATE users.links SET used_at = $3
     WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3
     RETURNING user_number AS "userNumber", password_hash AS "passwordHash",
       change_number AS "changeNumber"`,
    [hashSecret(token), purpose, now],
  );
  return result.rows[0] ?? null;
}

/** Whose link it is, which says nothing of whether it is still good when it is used. */
export async function findLinkEmail(
  db: Queryable,
  ring: KeyRing,
  token: string,
  purpose: LinkPurpose,
  now: Date,
): Promise<string | null> {
  const result = await db.query<{ userNumber: number; emailSealed: string }>(
    `SELECT u.user_number AS "userNumber", u.email_sealed AS "emailSealed"
     FROM users.links l JOIN users.users u USING (user_number)
     WHERE l.token_hash = $1 AND l.purpose = $2 AND l.used_at IS NULL AND l.expires_at > $3
       AND u.email_sealed IS NOT NULL`,
    [hashSecret(token), purpose, now],
  );
  const [row] = result.rows;
  return row === undefined ? null : openEmail(ring, row.userNumber, row.emailSealed);
}

/** No link of these purposes is good any more. */
export async function voidLinks(
  tx: Tx,
  userNumber: number,
  purposes: readonly LinkPurpose[],
  now: Date,
): Promise<void> {
  await tx.query(
    `UPDATE users.links SET used_at = $3
     WHERE user_number = $1 AND purpose = ANY($2::text[]) AND used_at IS NULL`,
    [userNumber, purposes, now],
  );
}
