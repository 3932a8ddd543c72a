// The ledger judged by itself: sums, balances, signs, and that the journal cannot be rewritten.
import type pg from 'pg';
import { readAll } from './database.ts';
import type { Findings, Invariant } from './findings.ts';

interface LedgerCheck {
  readonly invariant: Invariant;
  readonly problem: string;
  /** Answers the offending rows. */
  readonly sql: string;
}

const CHECKS: readonly LedgerCheck[] = [
  {
    invariant: 'L1',
    problem: 'an entry does not sum to zero',
    sql: `SELECT e.entry, e.kind, e.business_key, p.asset, sum(p.amount) AS sum
      FROM ledger.entries e JOIN ledger.postings p USING (entry)
      GROUP BY e.entry, p.asset HAVING sum(p.amount) <> 0 ORDER BY e.entry, p.asset`,
  },
  {
    invariant: 'L1',
    problem: 'an entry has no postings',
    sql: `SELECT e.entry, e.kind, e.business_key FROM ledger.entries e
      WHERE NOT EXISTS (SELECT FROM ledger.postings p WHERE p.entry = e.entry) ORDER BY e.entry`,
  },
  {
    invariant: 'L1',
    problem: 'a posting belongs to no entry',
    sql: `SELECT p.entry, p.leg, p.account, p.asset, p.amount FROM ledger.postings p
      WHERE NOT EXISTS (SELECT FROM ledger.entries e WHERE e.entry = p.entry)
      ORDER BY p.entry, p.leg`,
  },
  {
    invariant: 'L1',
    problem: 'the whole ledger does not sum to zero',
    sql: `SELECT asset, sum(amount) AS sum FROM ledger.postings
      GROUP BY asset HAVING sum(amount) <> 0 ORDER BY asset`,
  },
  {
    invariant: 'L2',
    problem: 'a balance is not the sum of its postings',
    sql: `SELECT a.account, a.owner, a.asset, a.total, coalesce(s.sum, 0) AS postings
      FROM ledger.accounts a
      LEFT JOIN (SELECT account, sum(amount) AS sum FROM ledger.postings GROUP BY account) s
        USING (account)
      WHERE a.total <> coalesce(s.sum, 0) ORDER BY a.account`,
  },
  {
    invariant: 'L2',
    problem: 'a posting names no account, or one of another asset',
    sql: `SELECT p.entry, p.leg, p.account, p.asset FROM ledger.postings p
      LEFT JOIN ledger.accounts a ON a.account = p.account AND a.asset = p.asset
      WHERE a.account IS NULL ORDER BY p.entry, p.leg`,
  },
  {
    invariant: 'L2',
    problem: 'the balance after a posting is not the sum up to it',
    sql: `SELECT r.entry, r.leg, r.account, r.balance_after, r.sum FROM (
        SELECT entry, leg, account, balance_after,
          sum(amount) OVER (PARTITION BY account ORDER BY entry, leg) AS sum
        FROM ledger.postings) r
      WHERE r.balance_after <> r.sum ORDER BY r.entry, r.leg`,
  },
  {
    invariant: 'L3',
    problem: 'a balance is negative',
    sql: `SELECT account, owner, asset, kind, total, held, total - held AS available
      FROM ledger.accounts
      WHERE held < 0 OR (kind NOT IN ('custody', 'fees') AND (total < 0 OR total < held))
      ORDER BY account`,
  },
  {
    invariant: 'L4',
    problem: 'the held balance is not the sum of its holds',
    sql: `SELECT a.account, a.owner, a.asset, a.held, coalesce(h.sum, 0) AS holds
      FROM ledger.accounts a
      LEFT JOIN (SELECT account, sum(remaining) AS sum FROM ledger.holds GROUP BY account) h
        USING (account)
      WHERE a.held <> coalesce(h.sum, 0) ORDER BY a.account`,
  },
  {
    invariant: 'L6',
    problem: 'a row of the journal was written by another transaction than its entry',
    sql: `SELECT e.entry, p.leg, e.kind, e.business_key,
        e.transaction_xid::text AS "entryTransaction", e.xmin::text AS "entryRow",
        p.xmin::text AS "postingRow"
      FROM ledger.entries e JOIN ledger.postings p USING (entry)
      WHERE p.xmin::text <> e.xmin::text
        OR e.xmin::text::numeric <> e.transaction_xid::text::numeric % 4294967296
      ORDER BY e.entry, p.leg`,
  },
  {
    invariant: 'L6',
    problem: 'an entry has a number that was never given out',
    sql: `SELECT e.entry, s.last_value AS "lastNumber"
      FROM ledger.entries e, ledger.entry_numbers s
      WHERE e.entry < 1 OR e.entry > s.last_value ORDER BY e.entry`,
  },
  {
    invariant: 'L6',
    problem: 'an entry was reversed twice',
    sql: `SELECT reverses AS entry, count(*)::integer AS reversals FROM ledger.entries
      WHERE reverses IS NOT NULL GROUP BY reverses HAVING count(*) > 1 ORDER BY reverses`,
  },
  {
    invariant: 'L8',
    problem: 'nobody has approved this move of the house',
    sql: `SELECT e.entry, e.kind, e.business_key, r.action, r.payload, m.house
      FROM ledger.entries e
      LEFT JOIN admin.requests r ON r.status = 'executed' AND r.request_number =
        CASE WHEN e.business_key ~ '^apr_[0-9]{16}$' THEN substr(e.business_key, 5)::bigint END
      LEFT JOIN reference.assets s ON s.asset = r.payload::jsonb ->> 'asset'
      CROSS JOIN LATERAL (
        SELECT sum(p.amount) FILTER (WHERE a.kind = 'house') AS house,
          bool_and(p.asset = s.asset AND CASE
            WHEN a.kind = 'house' THEN true
            WHEN e.kind = 'house_funding' THEN a.kind = 'fees' AND p.amount < 0
            ELSE a.owner = r.payload::jsonb ->> 'userId' END) AS fits
        FROM ledger.postings p JOIN ledger.accounts a ON a.account = p.account
        WHERE p.entry = e.entry
      ) m
      WHERE e.kind IN ('adjustment', 'house_funding') AND (m.fits IS NOT TRUE
        OR (e.kind = 'house_funding') <> (r.action = 'house.fund')
        OR m.house IS DISTINCT FROM (r.payload::jsonb ->> 'amount')::numeric
          * 10::numeric ^ s.decimals
          * CASE r.action WHEN 'balances.credit' THEN -1 WHEN 'balances.debit' THEN 1
              WHEN 'house.fund' THEN 1 END)
      ORDER BY e.entry`,
  },
  {
    invariant: 'L8',
    problem: 'an approval has moved nothing',
    sql: `SELECT r.request_number AS request, r.action, r.payload FROM admin.requests r
      WHERE r.status = 'executed'
        AND r.action IN ('balances.credit', 'balances.debit', 'house.fund')
        AND NOT EXISTS (SELECT FROM ledger.entries e
          WHERE e.kind = CASE r.action WHEN 'house.fund' THEN 'house_funding' ELSE 'adjustment' END
            AND e.business_key = 'apr_' || lpad(r.request_number::text, 16, '0'))
      ORDER BY r.request_number`,
  },
  {
    invariant: 'L6',
    problem: 'a role may change what is append-only',
    sql: `SELECT c.oid::regclass::text AS "table", g.privilege_type AS privilege,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS role
      FROM pg_class c
      CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) g
      WHERE (c.oid IN ('ledger.entries'::regclass, 'ledger.postings'::regclass)
          AND (g.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')
            OR (g.privilege_type = 'INSERT' AND g.grantee <> c.relowner)))
        OR (c.oid IN ('log.records'::regclass, 'ledger.accounts'::regclass,
              'ledger.holds'::regclass)
          AND g.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
          AND g.grantee <> c.relowner)
      ORDER BY 1, 2, 3`,
  },
  {
    // Bits of tgtype: 1 row, 4 insert, 8 delete, 16 update, 32 truncate.
    invariant: 'L6',
    problem: 'a trigger that guards the journal is missing, disabled or changed',
    sql: `SELECT w."table", w.name, t.tgenabled AS enabled, t.tgtype AS events
      FROM (VALUES
        ('ledger.entries', 'entries_append_only', 56, false),
        ('ledger.postings', 'postings_append_only', 56, false),
        ('ledger.accounts', 'accounts_permanent', 56, false),
        ('ledger.holds', 'holds_permanent', 56, false),
        ('ledger.entries', 'entries_zero_sum', 4, true),
        ('ledger.postings', 'postings_come_with_their_entry', 4, false),
        ('log.records', 'records_append_only', 48, false)
      ) w ("table", name, events, is_deferred)
      LEFT JOIN pg_trigger t ON t.tgrelid = w."table"::regclass AND t.tgname = w.name
      WHERE t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A') OR t.tgtype & w.events <> w.events
        OR t.tginitdeferred <> w.is_deferred
      ORDER BY 1, 2`,
  },
];

/** Runs every check of the table; the first offending row of each is kept. */
export async function checkLedger(client: pg.Client, findings: Findings): Promise<void> {
  for (const { invariant, problem, sql } of CHECKS) {
    for (const row of await readAll<Record<string, unknown>>(client, `${sql} LIMIT 100`)) {
      findings.violate(invariant, problem, row);
    }
  }
}
