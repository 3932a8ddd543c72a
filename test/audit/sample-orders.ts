// The rows that the orders function leaves behind when it accepts an order or a list of orders.
import type { Tx } from '../../shared/db/pool.ts';
import type { Market, Place, PlaceList } from '../oracle/naive-types.ts';
import { listKindOf, type ListRole } from './order-stories.ts';

export async function insertList(tx: Tx, market: Market, list: PlaceList): Promise<void> {
  await tx.query(
    `INSERT INTO orders.order_lists (list_number, user_number, market, kind, accepted_at_ms)
     VALUES ($1, $2, $3, $4, $5)`,
    [list.number, list.userNumber, market, listKindOf(list), list.timeMs],
  );
}

export async function insertOrder(
  tx: Tx,
  market: Market,
  place: Place,
  list: ListRole | null,
): Promise<void> {
  const { trigger, peg } = place;
  await tx.query(
    `INSERT INTO orders.orders (order_number, user_number, market, side, type, time_in_force,
       post_only, self_trade_prevention, price_ticks, quantity_lots, expires_at_ms, maker_fee_ppm,
       taker_fee_ppm, hold_minor, accepted_at_ms, outbox_id, remaining_lots, updated_at_ms,
       trigger_type, trigger_price_ticks, trail_bps, activation_price_ticks, display_lots,
       replaces_number, list_number, is_pair, is_pending, peg_to, peg_offset_levels,
       peg_limit_ticks)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1, $10, $15,
       $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)`,
    [
      place.number,
      place.userNumber,
      market,
      place.side,
      place.type,
      place.timeInForce,
      place.postOnly,
      place.selfTradePrevention,
      place.priceTicks,
      place.quantityLots,
      place.expiresAtMs,
      place.makerFeePpm,
      place.takerFeePpm,
      place.holdMinor,
      place.timeMs,
      trigger?.kind ?? null,
      trigger?.kind === 'trailing_stop' ? null : (trigger?.priceTicks ?? null),
      trigger?.kind === 'trailing_stop' ? trigger.trailBps : null,
      trigger?.kind === 'trailing_stop' ? (trigger.activationPriceTicks ?? null) : null,
      place.displayLots ?? null,
      place.replaces?.orderNumber ?? null,
      list?.listNumber ?? null,
      list?.isPair ?? false,
      list?.isPending ?? false,
      peg?.to ?? null,
      peg?.offsetLevels ?? null,
      peg === undefined ? null : place.priceTicks,
    ],
  );
  await tx.query(
    `INSERT INTO orders.open_counts AS c VALUES ($1, $2, 1)
     ON CONFLICT (user_number, market) DO UPDATE SET open_orders = c.open_orders + 1`,
    [place.userNumber, market],
  );
}
