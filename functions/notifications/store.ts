// The SQL of sent mails: whoever has the claim sends, and nobody sends what was sent.
import type { Pool } from '../../shared/db/pool.ts';

/** Longer than a delivery may take: the holder of an older claim has crashed. */
export const CLAIM_MS = 60_000;

export type Claim = 'claimed' | 'sent' | 'claimed_by_another';

export async function claimMail(pool: Pool, mailId: string, nowMs: number): Promise<Claim> {
  const claimed = await pool.query(
    `INSERT INTO notifications.mails AS m (mail_id, claimed_at) VALUES ($1, $2)
     ON CONFLICT (mail_id) DO UPDATE SET claimed_at = excluded.claimed_at
     WHERE m.sent_at IS NULL AND m.claimed_at <= $3`,
    [mailId, new Date(nowMs), new Date(nowMs - CLAIM_MS)],
  );
  if (claimed.rowCount === 1) return 'claimed';
  const found = await pool.query(
    'SELECT FROM notifications.mails WHERE mail_id = $1 AND sent_at IS NOT NULL',
    [mailId],
  );
  return found.rowCount === 1 ? 'sent' : 'claimed_by_another';
}

export async function markSent(pool: Pool, mailId: string, nowMs: number): Promise<void> {
  await pool.query('UPDATE notifications.mails SET sent_at = $2 WHERE mail_id = $1', [
    mailId,
    new Date(nowMs),
  ]);
}

/** It was not sent: the next delivery need not wait for the claim to grow old. */
export async function releaseClaim(pool: Pool, mailId: string): Promise<void> {
  await pool.query('DELETE FROM notifications.mails WHERE mail_id = $1 AND sent_at IS NULL', [
    mailId,
  ]);
}

/** Of mails that no log or dead letter can bring again. */
export async function forgetOldMails(pool: Pool, nowMs: number): Promise<void> {
  await pool.query('DELETE FROM notifications.mails WHERE claimed_at < $1', [
    new Date(nowMs - 100 * 86_400_000),
  ]);
}
