// The statements of the accept transaction: what it reads to decide, and what it writes.
import type { Tx } from '../../../shared/db/pool.ts';
import { marketScale, type ScheduledStatus } from '../../../shared/domain/market.ts';
import { statusNow, type ToldPhase } from '../../../shared/domain/market-phase.ts';
import { userId } from '../../../shared/domain/ids.ts';
import type { MarketTerms } from '../decide/size.ts';
import type { AcceptContext, KnownKey, RequestKey } from '../decide/accept-context.ts';
import type { LockedOrder } from '../decide/order-row.ts';
import { termsKey, type UserMarket } from '../decide/touched.ts';
import { NO_RISK, type RiskReads } from '../decide/risk.ts';
import { ORDER_COLUMNS } from './order-columns.ts';

/** How long a clientOrderId or Idempotency-Key is remembered after its order ended. */
export const KEY_RETENTION_MS = 86_400_000;

export interface AcceptReads {
  readonly context: AcceptContext;
  readonly outboxIds: readonly number[];
  /** Terms of each of these markets that was read, for each user that asks; by `termsKey`. */
  readonly termsFor: (asked: readonly UserMarket[]) => Map<string, MarketTerms>;
}

/** All that a batch is decided on, in one statement: on a busy machine a round trip costs most. */
export async function readForAccept(
  tx: Tx,
  wanted: {
    readonly numbers: number;
    /** How many ids to draw for outbox rows. */
    readonly outboxIds: number;
    readonly userMarkets: readonly UserMarket[];
    /** Orders whose markets are not known yet: the terms of those are read, too. */
    readonly ordersElsewhere?: readonly number[];
    /** Of `userMarkets`, who wants to trade: cancels wait for no flag and are held to no limit. */
    readonly trading: readonly UserMarket[];
    readonly keys: readonly (RequestKey & { readonly userNumber: number })[];
    /** Market orders are sized by the best prices; nobody else pays for looking them up. */
    readonly withBestPrices: boolean;
  },
): Promise<AcceptReads> {
  const result = await tx.query<{
    nowMs: number;
    numbers: number[];
    outboxIds: number[];
    openCounts: AcceptContext['openCounts'] | null;
    keys: KnownKey[] | null;
    terms: TermsRow[] | null;
    ownRates: OwnRates[] | null;
    blockedUsers: number[] | null;
    risk: RiskReads | null;
  }>({
    name: `orders-accept-reads${wanted.withBestPrices ? '-best' : ''}`,
    text: `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "nowMs",
       to_json(ARRAY(SELECT nextval('orders.command_number') FROM generate_series(1, $1)))
         AS numbers,
       to_json(ARRAY(SELECT nextval('orders.outbox_id_seq') FROM generate_series(1, $8)))
         AS "outboxIds",
       (SELECT json_agg(json_build_object('userNumber', c.user_number, 'market', c.market,
           'openOrders', c.open_orders))
         FROM unnest($2::bigint[], $3::text[]) w (user_number, market)
         JOIN orders.open_counts c USING (user_number, market)) AS "openCounts",
       (SELECT json_agg(json_build_object('userNumber', k.user_number, 'kind', k.kind,
           'key', k.key, 'requestHash', encode(k.request_hash, 'hex'),
           'orderNumber', k.order_number))
         FROM unnest($4::bigint[], $5::text[], $6::text[]) w (user_number, kind, key)
         JOIN orders.request_keys k USING (user_number, kind, key)) AS keys,
       (SELECT json_agg(t) FROM (${termsQuery(wanted.withBestPrices)}) t) AS terms,
       (SELECT json_agg(json_build_object('userNumber', w.user_number, 'market', w.market,
           'makerFeePpm', own.maker_ppm, 'takerFeePpm', own.taker_ppm))
         FROM unnest($2::bigint[], $3::text[], $7::text[]) w (user_number, market, user_id)
         JOIN fees.current_user_rates own USING (user_id, market)) AS "ownRates",
       (SELECT json_agg(w.user_number) FROM (SELECT DISTINCT unnest($2::bigint[])) w (user_number)
         CROSS JOIN LATERAL (SELECT b.is_blocked FROM orders.account_blocks b
           WHERE b.user_number = w.user_number
           ORDER BY b.block_number DESC LIMIT 1) now
         WHERE now.is_blocked) AS "blockedUsers",
       risk.read_for_accept($9::bigint[], $10::text[]) AS risk`,
    values: [
      wanted.numbers,
      wanted.userMarkets.map((each) => each.userNumber),
      wanted.userMarkets.map((each) => each.market),
      wanted.keys.map((each) => each.userNumber),
      wanted.keys.map((each) => each.kind),
      wanted.keys.map((each) => each.key),
      wanted.userMarkets.map((each) => userId(each.userNumber)),
      wanted.outboxIds,
      wanted.trading.map((each) => each.userNumber),
      wanted.trading.map((each) => each.market),
      wanted.ordersElsewhere ?? [],
    ],
  });
  const row = result.rows[0];
  if (row === undefined) throw new Error('the reads of an accept have no row');
  const { nowMs, numbers, outboxIds, openCounts, keys, terms, ownRates } = row;
  const risk = row.risk ?? NO_RISK;
  return {
    outboxIds,
    context: {
      nowMs,
      numbers,
      openCounts: openCounts ?? [],
      keys: keys ?? [],
      blockedUsers: row.blockedUsers ?? [],
      risk,
      tradeGroups: risk.accounts.flatMap(({ userNumber, tradeGroup }) =>
        tradeGroup === null ? [] : [{ userNumber, tradeGroup }],
      ),
    },
    termsFor: (asked) => termsByUser(asked, terms ?? [], ownRates ?? [], nowMs),
  };
}

/** A market with what the engine has last told of its phase. */
interface TermsRow extends Omit<MarketTerms, 'scale'> {
  readonly market: string;
  readonly schedule: readonly ScheduledStatus[];
  readonly told: ToldPhase | null;
}

/** Of a user whose rates are not the market's. */
interface OwnRates extends UserMarket {
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
}

/** Each market is read once, however many ask for it; few have rates of their own. */
function termsByUser(
  asked: readonly UserMarket[],
  markets: readonly TermsRow[],
  ownRates: readonly OwnRates[],
  nowMs: number,
): Map<string, MarketTerms> {
  const common = new Map(markets.map((row) => [row.market, toTerms(row, nowMs)]));
  const own = new Map(ownRates.map((rates) => [termsKey(rates.userNumber, rates.market), rates]));
  const terms = new Map<string, MarketTerms>();
  for (const { userNumber, market } of asked) {
    const key = termsKey(userNumber, market);
    const base = common.get(market);
    if (base === undefined) continue;
    const rates = own.get(key);
    if (rates === undefined) terms.set(key, base);
    else {
      const { makerFeePpm, takerFeePpm } = rates;
      terms.set(key, { ...base, makerFeePpm, takerFeePpm });
    }
  }
  return terms;
}

function termsQuery(withBestPrices: boolean): string {
  const best = withBestPrices
    ? 'p.best_bid_ticks AS "bestBidTicks", p.best_ask_ticks AS "bestAskTicks"'
    : 'NULL::bigint AS "bestBidTicks", NULL::bigint AS "bestAskTicks"';
  return `SELECT m.market, m.config, m.status, coalesce(m.schedule, '[]') AS schedule, m.shard,
       m.moving_to IS NOT NULL AS "isMoving", f.told,
       r.maker_ppm AS "makerFeePpm", r.taker_ppm AS "takerFeePpm", ${best}
     FROM reference.market_configs m
     JOIN fees.current_rates r ON r.market = m.market
     LEFT JOIN market_data.current_phases f ON f.market = m.market
     ${withBestPrices ? 'LEFT JOIN market_data.best_prices p ON p.market = m.market' : ''}
     WHERE m.market = ANY (ARRAY(SELECT unnest($3::text[])
       UNION SELECT o.market FROM unnest($11::bigint[]) w (order_number)
       JOIN orders.orders o USING (order_number)))`;
}

/** The status is that in which the engine meets a command of now. */
function toTerms(row: TermsRow, nowMs: number): MarketTerms {
  const { config, schedule, told, ...terms } = row;
  const { version, interruption } = config;
  const status = statusNow({ version, status: row.status, schedule, interruption }, told, nowMs);
  return { ...terms, config, scale: marketScale(config), status };
}

/** The user's orders among these numbers, locked against other changes of the same orders. */
export async function lockOrders(
  tx: Tx,
  wanted: readonly { readonly userNumber: number; readonly orderNumber: number }[],
): Promise<Map<number, LockedOrder>> {
  if (wanted.length === 0) return new Map();
  const result = await tx.query<LockedOrder>({
    name: 'orders-lock',
    text: `SELECT ${ORDER_COLUMNS},
       (SELECT x.id FROM orders.outbox x WHERE x.id = o.outbox_id) AS "unpublishedId"
     FROM orders.orders o
     WHERE (o.order_number, o.user_number) IN
       (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
     ORDER BY o.order_number FOR NO KEY UPDATE`,
    values: [wanted.map((each) => each.orderNumber), wanted.map((each) => each.userNumber)],
  });
  return new Map(result.rows.map((row) => [row.orderNumber, row]));
}

/** Outbox rows, not published yet, of the open orders that these users have in these markets. */
export async function findUnpublishedOrders(
  tx: Tx,
  owners: readonly UserMarket[],
): Promise<number[]> {
  if (owners.length === 0) return [];
  const result = await tx.query<{ id: number }>({
    name: 'orders-unpublished-of-user',
    text: `SELECT DISTINCT x.id
     FROM unnest($1::bigint[], $2::text[]) w (user_number, market)
     JOIN orders.orders o ON o.user_number = w.user_number AND o.market = w.market
       AND o.is_open
     JOIN orders.outbox x ON x.id = o.outbox_id`,
    values: [owners.map((each) => each.userNumber), owners.map((each) => each.market)],
  });
  return result.rows.map((row) => row.id);
}

/**
 * Outbox rows that other instances have not published yet, to be appended again: a change of an
 * order must not overtake the order itself. With each row come all before it of the same market,
 * because they may hold what it changes. The engine ignores the repeats.
 */
export async function repeatUnpublished(
  tx: Tx,
  outboxIds: readonly number[],
): Promise<OutboxCopy[]> {
  if (outboxIds.length === 0) return [];
  const result = await tx.query<OutboxCopy>({
    name: 'orders-unpublished',
    text: `SELECT x.topic, x.partition, x.key, x.headers, x.value
     FROM orders.outbox x
     JOIN (SELECT topic, partition, key, max(id) AS id FROM orders.outbox
       WHERE id = ANY ($1::bigint[]) GROUP BY topic, partition, key) f
       ON f.topic = x.topic AND f.partition = x.partition AND f.key = x.key AND x.id <= f.id
     ORDER BY x.id`,
    values: [outboxIds],
  });
  return result.rows;
}

export interface OutboxCopy {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/** Ids for outbox rows, rising. */
export async function drawOutboxIds(tx: Tx, count: number): Promise<number[]> {
  const result = await tx.query<{ id: number }>({
    name: 'orders-draw-outbox-ids',
    text: `SELECT nextval('orders.outbox_id_seq') AS id FROM generate_series(1, $1)`,
    values: [count],
  });
  return result.rows.map((row) => row.id);
}

/** Marks orders as having an amend that the engine has not answered yet. */
export async function markAmends(
  tx: Tx,
  amends: readonly { readonly orderNumber: number; readonly amendNumber: number }[],
): Promise<void> {
  if (amends.length === 0) return;
  await tx.query({
    name: 'orders-mark-amends',
    text: `UPDATE orders.orders o SET amend_number = w.amend_number
     FROM unnest($1::bigint[], $2::bigint[]) w (order_number, amend_number)
     WHERE o.order_number = w.order_number`,
    values: [amends.map((each) => each.orderNumber), amends.map((each) => each.amendNumber)],
  });
}

/** Forgets request keys of orders and lists of a day ago that are done; answers how many. */
export async function forgetOldKeys(tx: Tx, nowMs: number, rowsMax: number): Promise<number> {
  const result = await tx.query(
    `DELETE FROM orders.request_keys WHERE (user_number, kind, key) IN (
       SELECT k.user_number, k.kind, k.key FROM orders.request_keys k
       WHERE k.created_at_ms < $1
         AND NOT EXISTS (SELECT FROM orders.orders o
           WHERE o.order_number = k.order_number AND o.is_open)
         AND NOT EXISTS (SELECT FROM orders.orders o
           WHERE o.list_number = k.order_number AND o.is_open)
       ORDER BY k.created_at_ms LIMIT $2
       FOR UPDATE OF k SKIP LOCKED)`,
    [nowMs - KEY_RETENTION_MS, rowsMax],
  );
  return result.rowCount ?? 0;
}
