// What the clients ask for: every kind of order round prices that move, order lists, amends,
// cancels, and some requests that must be refused.
import type { Draw } from '../draw.ts';
import { drawList, type ListBody } from './list-mix.ts';
import {
  drawExpiry,
  drawIceberg,
  drawLimit,
  drawMarketOrder,
  drawPeg,
  drawPrice,
  drawQuantity,
  drawTriggered,
  MARKETS,
} from './order-parts.ts';

const DEADLINE_SECONDS = 5;

export type Wish =
  | { readonly kind: 'place'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'place_list'; readonly body: ListBody }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'cancel_list' }
  | { readonly kind: 'amend'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'cancel_all'; readonly market: string }
  | { readonly kind: 'cancel_all_after'; readonly market: string; readonly seconds: number };

/** Shares of a hundred. What is left are limit orders that may rest. */
const SHARES = {
  cancel: 12,
  cancelList: 2,
  amend: 5,
  cancelAll: 1,
  deadman: 1,
  immediate: 9,
  fillOrKill: 6,
  market: 8,
  postOnly: 8,
  expiring: 3,
  day: 2,
  iceberg: 6,
  triggered: 8,
  pegged: 4,
  list: 8,
  invalid: 4,
} as const;

export function drawWish(draw: Draw): Wish {
  let at = draw.whole(0, 99);
  const falls = (share: number): boolean => {
    at -= share;
    return at < 0;
  };
  const shape = draw.pick(MARKETS);
  if (falls(SHARES.cancel)) return { kind: 'cancel' };
  if (falls(SHARES.cancelList)) return { kind: 'cancel_list' };
  if (falls(SHARES.amend)) return { kind: 'amend', body: drawAmend(draw) };
  if (falls(SHARES.cancelAll)) return { kind: 'cancel_all', market: shape.market };
  if (falls(SHARES.deadman)) {
    const seconds = draw.pick([0, DEADLINE_SECONDS]);
    return { kind: 'cancel_all_after', market: shape.market, seconds };
  }
  const limit = drawLimit(draw, shape);
  if (falls(SHARES.immediate)) return place({ ...limit, timeInForce: 'IOC' });
  if (falls(SHARES.fillOrKill)) return place({ ...limit, timeInForce: 'FOK' });
  if (falls(SHARES.market)) return place(drawMarketOrder(draw, shape));
  if (falls(SHARES.postOnly)) return place({ ...limit, postOnly: true });
  if (falls(SHARES.expiring)) return place({ ...limit, ...drawExpiry(draw) });
  if (falls(SHARES.day)) return place({ ...limit, timeInForce: 'DAY' });
  if (falls(SHARES.iceberg)) return place({ ...limit, ...drawIceberg(draw, shape) });
  if (falls(SHARES.triggered)) return place(drawTriggered(draw, shape));
  if (falls(SHARES.pegged)) return place({ ...limit, ...drawPeg(draw) });
  if (falls(SHARES.list)) return { kind: 'place_list', body: drawList(draw, shape) };
  if (falls(SHARES.invalid)) return place(drawInvalid(draw, limit));
  return place(limit);
}

function place(body: Readonly<Record<string, unknown>>): Wish {
  return { kind: 'place', body };
}

function drawAmend(draw: Draw): Record<string, unknown> {
  const shape = draw.pick(MARKETS);
  // Of another market the price may be off its band: then the refusal is what is tested.
  if (draw.chance(0.6)) return { quantity: drawQuantity(draw, shape) };
  return { price: drawPrice(draw, shape) };
}

function drawInvalid(draw: Draw, limit: Record<string, unknown>): Record<string, unknown> {
  return draw.pick([
    { ...limit, price: '0.000000001' },
    { ...limit, market: 'NO-SUCH' },
    { ...limit, quantity: '9000' },
    { ...limit, quantity: 1 },
    { ...limit, price: '-1' },
    { ...limit, type: 'market' },
    { ...limit, surprise: true },
    { ...limit, trigger: { type: 'stop_loss', price: '0' } },
  ]);
}
