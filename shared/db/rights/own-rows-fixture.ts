// Rows of two owners in every table that an own view shows, a sub-account of each included.
import { userId } from '../../domain/ids.ts';
import { deposit } from '../../ledger/deposit.ts';
import { withTransaction, type Pool } from '../pool.ts';

/** Their sub-accounts have a hundred more. */
export const OWNERS = [11, 22] as const;

export async function fillForOwners(pool: Pool): Promise<void> {
  const owners = `unnest(ARRAY[${OWNERS.join(', ')}]::bigint[]) n`;
  for (const statement of [...REFERENCE, ...rowsOf(owners)]) await pool.query(statement);
  const deposits = OWNERS.flatMap((n) => [n, n + 100]).map((n) => {
    return { depositId: `dep_${n}`, userId: userId(n), asset: 'BTC', amountMinor: BigInt(n) };
  });
  await withTransaction(pool, (tx) => deposit(tx, deposits));
}

const ID = `'usr_' || lpad(n::text, 16, '0')`;

const REFERENCE = [
  `INSERT INTO reference.assets VALUES ('BTC', 'Bitcoin', 8), ('USD', 'US dollar', 2)`,
  `INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
     max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
     self_trade_allowed, status, version)
   VALUES ('BTC-USD', 'BTC', 'USD', 1, 1, 1, 100, 1, 1, 1000, 100, 'quote', false, 'trading', 1)`,
  `SELECT fees.set_schedule('exchange',
     '[{"tier":"standard","volumeMinorMin":"0","makerPpm":100,"takerPpm":200}]', NULL, 'me',
     'a test')`,
];

function rowsOf(owners: string): readonly string[] {
  return [
    `INSERT INTO users.users (user_number, email_sealed, email_index, email_verified_at, status)
     SELECT n, 's1.u' || n, sha256(n::text::bytea), now(), 'active' FROM ${owners}`,
    `INSERT INTO users.users (user_number, parent_number, label, status)
     SELECT n + 100, n, 'part', 'active' FROM ${owners}`,
    `INSERT INTO users.email_changes (user_number, old_email_sealed, new_email_sealed, requested_at)
     SELECT n, 's1.a' || n, 's1.b' || n, now() FROM ${owners}`,
    `INSERT INTO users.transfers (owner_number, idempotency_key, request_hash, from_number,
       to_number, asset, amount_minor, created_at)
     SELECT n, 'k', sha256(n::text::bytea), n, n + 100, 'USD', n, now() FROM ${owners}`,
    `INSERT INTO users.mails SELECT gen_random_uuid(), n, 'verify_email', now() FROM ${owners}`,
    `INSERT INTO auth.sessions (user_number, token_hash, amr, authenticated_at, created_at,
       last_used_at, expires_at)
     SELECT n, sha256(n::text::bytea), '{pwd}', now(), now(), now(), now() + interval '1 hour'
     FROM ${owners}`,
    `INSERT INTO auth.totp (user_number, secret_sealed, created_at, confirmed_at)
     SELECT n, 's1.x', now(), now() FROM ${owners}`,
    `INSERT INTO auth.passkeys (user_number, credential_id, public_key, counter, transports, name,
       created_at)
     SELECT n, n::text::bytea, '', 0, '{}', 'key', now() FROM ${owners}`,
    `INSERT INTO auth.recovery_codes SELECT n, sha256(n::text::bytea), now() FROM ${owners}`,
    `INSERT INTO auth.api_keys (owner_number, user_number, label, type, public_key, scopes,
       created_at, expires_at)
     SELECT n, n + 100, 'key', 'ed25519', sha256(n::text::bytea), '{read}', now(),
       now() + interval '1 day' FROM ${owners}`,
    `INSERT INTO auth.oauth_clients (name, redirect_uris, scopes) VALUES ('c', '{x}', '{read}')`,
    `INSERT INTO auth.grants (user_number, client_number, kind, scopes, amr, authenticated_at,
       created_at, last_used_at, expires_at)
     SELECT n, c.client_number, 'by_user', '{read}', '{}', now(), now(), now(),
       now() + interval '1 day' FROM auth.oauth_clients c, ${owners}`,
    `INSERT INTO auth.withdrawal_holds (user_number, kind, started_at, until)
     SELECT n, 'factors_changed', now(), now() + interval '1 day' FROM ${owners}`,
    `INSERT INTO fees.accounts SELECT ${ID}, '2026-01-01', n FROM ${owners}`,
    `INSERT INTO settlement.volumes SELECT ${ID}, 'BTC-USD', '2026-01-01', n, 1 FROM ${owners}`,
    `SELECT risk.set_flag(n, 'trading', false, 'olivia', 'a test') FROM ${owners}`,
    `SELECT risk.set_limit(n, '*', 'position_max', NULL, 'olivia', 'a test') FROM ${owners}`,
    `SELECT risk.set_limit(n, 'BTC-USD', 'open_orders_max', n, 'olivia', 'a test') FROM ${owners}`,
    `SELECT risk.set_limit(0, 'BTC-USD', 'open_orders_max', 99, 'olivia', 'a test')`,
    `INSERT INTO orders.orders (order_number, user_number, market, side, type, time_in_force,
       post_only, self_trade_prevention, price_ticks, quantity_lots, maker_fee_ppm, taker_fee_ppm,
       hold_minor, accepted_at_ms, outbox_id, remaining_lots, updated_at_ms)
     SELECT n, n, 'BTC-USD', 'buy', 'limit', 'GTC', false, 'cancel_taker', 1, n, 1, 1, 1, 1, n, n, 1
     FROM ${owners}`,
    `INSERT INTO orders.open_counts (user_number, market, open_orders)
     SELECT n, 'BTC-USD', n FROM ${owners}`,
    `INSERT INTO orders.fills (order_number, user_number, market, sequence, side, liquidity,
       price_ticks, quantity_lots, quote_minor, fee_asset, fee_minor, traded_at_ms)
     SELECT n, n, 'BTC-USD', n, 'buy', 'taker', 1, 1, 1, 'USD', 1, 1 FROM ${owners}`,
    `INSERT INTO orders.prevented_matches (user_number, market, sequence, price_ticks, mode,
       taker_side, taker_order_number, taker_lots, prevented_at_ms)
     SELECT n, 'BTC-USD', n, 1, 'cancel_taker', 'buy', n, 1, 1 FROM ${owners}`,
    `INSERT INTO orders.order_lists (list_number, user_number, market, kind, accepted_at_ms)
     SELECT n, n, 'BTC-USD', 'oco', 1 FROM ${owners}`,
  ];
}
