// The writes of a market's change: the row, the command for the engine, and who did it and why.
import { randomUUID } from 'node:crypto';
import { appendAudit } from '../audit/append.ts';
import type { Outbox } from '../bus/outbox.ts';
import type { JsonValue } from '../audit/record.ts';
import type { Tx } from '../db/pool.ts';
import { encodeEvent } from '../events/envelope.ts';
import type { NextMarket } from './decide-change.ts';
import type { ChangeNote, StoredMarket } from './stored-market.ts';

/** Names the command that a change makes. */
export interface CommandHead {
  readonly number: number;
  readonly timeMs: number;
}

/** A number that is drawn for a change that turns out to change nothing is left out for ever. */
export async function drawCommandHead(tx: Tx): Promise<CommandHead> {
  const result = await tx.query<CommandHead>(
    `SELECT orders.next_command_number() AS number,
       (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS "timeMs"`,
  );
  const head = result.rows[0];
  if (head === undefined) throw new Error('no command number');
  return head;
}

export async function saveMarket(tx: Tx, next: NextMarket): Promise<void> {
  const { config, status, schedule, shard } = next;
  const { priceBand, interruption } = config;
  await tx.query(
    `INSERT INTO reference.markets (market, base, quote, tick_size, lot_size, min_quantity,
       max_quantity, min_notional, min_price, max_price, protection_bps, fee_policy,
       self_trade_allowed, status, version, shard, max_notional, static_price, static_bps,
       dynamic_bps, move_bps, window_ms, halt_ms, auction_ms, max_open_orders, max_waiting_orders,
       reference_max_age_ms, self_trade_modes, schedule)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
       $20, $21, $22, $23, $24, $25, $26, $27, $28::text[], $29::jsonb)
     ON CONFLICT (market) DO UPDATE SET tick_size = excluded.tick_size,
       lot_size = excluded.lot_size, min_quantity = excluded.min_quantity,
       max_quantity = excluded.max_quantity, min_notional = excluded.min_notional,
       min_price = excluded.min_price, max_price = excluded.max_price,
       protection_bps = excluded.protection_bps, fee_policy = excluded.fee_policy,
       self_trade_allowed = excluded.self_trade_allowed, status = excluded.status,
       version = excluded.version, max_notional = excluded.max_notional,
       static_price = excluded.static_price, static_bps = excluded.static_bps,
       dynamic_bps = excluded.dynamic_bps, move_bps = excluded.move_bps,
       window_ms = excluded.window_ms, halt_ms = excluded.halt_ms,
       auction_ms = excluded.auction_ms, max_open_orders = excluded.max_open_orders,
       max_waiting_orders = excluded.max_waiting_orders,
       reference_max_age_ms = excluded.reference_max_age_ms,
       self_trade_modes = excluded.self_trade_modes, schedule = excluded.schedule,
       updated_at = now()`,
    [
      config.market,
      config.base,
      config.quote,
      config.tickSize,
      config.lotSize,
      config.minQuantity,
      config.maxQuantity,
      config.minNotional,
      config.minPrice,
      config.maxPrice,
      config.protectionBps,
      config.feePolicy,
      config.selfTradeAllowed,
      status,
      config.version,
      shard,
      config.maxNotional ?? null,
      priceBand?.staticPrice ?? null,
      priceBand?.staticBps ?? null,
      priceBand?.dynamicBps ?? null,
      interruption?.moveBps ?? null,
      interruption?.windowMs ?? null,
      interruption?.haltMs ?? null,
      interruption?.auctionMs ?? null,
      config.maxOpenOrders ?? null,
      config.maxWaitingOrders ?? null,
      config.referenceMaxAgeMs ?? null,
      config.selfTradeModes ?? null,
      schedule.length === 0 ? null : JSON.stringify(schedule),
    ],
  );
}

/** The command in the outbox; answers its rows. */
export async function saveCommand(
  tx: Tx,
  outbox: Outbox,
  next: NextMarket,
  head: CommandHead,
): Promise<readonly number[]> {
  const { config, status, schedule, shard } = next;
  const command = {
    kind: 'configure_market' as const,
    ...head,
    config,
    status,
    ...(schedule.length === 0 ? {} : { schedule: [...schedule] }),
  };
  const event = encodeEvent(
    'commandsAccepted',
    config.market,
    { market: config.market, commands: [command] },
    { id: randomUUID(), source: '/bourse/markets', timeMs: head.timeMs },
  );
  const { topic, key, headers, data } = event;
  return outbox.insert(tx, [{ topic, partition: shard, key, headers, value: data }]);
}

/** A market before a change and after it, for the audit log. */
export interface ChangeFacts {
  readonly before: JsonValue;
  readonly after: JsonValue;
}

/** Append-only: the database refuses to change what is written here. */
export async function saveChange(
  tx: Tx,
  before: StoredMarket | null,
  next: NextMarket,
  note: ChangeNote,
): Promise<ChangeFacts> {
  const { market, version } = next.config;
  const contentOf = ({ config, status, schedule, shard }: NextMarket) =>
    JSON.stringify({ config, status, schedule, shard });
  const [was, is] = [before === null ? null : contentOf(before), contentOf(next)];
  await tx.query(
    `INSERT INTO reference.market_changes (market, version, actor, reason, before, after)
     VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb)`,
    [market, version, note.actor, note.reason, was, is],
  );
  return { before: was === null ? null : parseJson(was), after: parseJson(is) };
}

/** For what an operator's tool has changed; staff have a stream of their own. */
export async function recordChange(
  tx: Tx,
  market: string,
  { before, after }: ChangeFacts,
  note: ChangeNote,
): Promise<void> {
  const isPerson = note.reason !== null;
  await appendAudit(tx, {
    stream: 'markets',
    actor: { kind: isPerson ? 'operator' : 'system', id: note.actor },
    action: 'markets.change',
    subject: market,
    before,
    after,
    reason: note.reason,
    requestId: null,
  });
}

function parseJson(text: string): JsonValue {
  return JSON.parse(text) as JsonValue;
}
