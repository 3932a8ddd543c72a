// What the clients ask for: every kind of order round prices that move, amends, cancels, and some
// requests that must be refused.
import type { Draw } from '../draw.ts';

interface MarketShape {
  readonly market: string;
  readonly middle: number;
  readonly tick: number;
  readonly priceDecimals: number;
  readonly quantity: number;
  readonly quantityDecimals: number;
}

export const MARKETS: readonly MarketShape[] = [
  { market: 'BTC-USD', middle: 30_000, tick: 0.5, ...decimals(2), quantity: 0.002, ...lots(8) },
  { market: 'ETH-USD', middle: 2_000, tick: 0.1, ...decimals(2), quantity: 0.02, ...lots(6) },
  { market: 'ETH-BTC', middle: 0.06, tick: 0.00002, ...decimals(5), quantity: 0.02, ...lots(3) },
  { market: 'SOL-USD', middle: 100, tick: 0.01, ...decimals(3), quantity: 0.5, ...lots(4) },
];

function decimals(priceDecimals: number): { readonly priceDecimals: number } {
  return { priceDecimals };
}

function lots(quantityDecimals: number): { readonly quantityDecimals: number } {
  return { quantityDecimals };
}

/** Prices lie within this many ticks of the middle: both sides meet often. */
const BAND_TICKS = 12;
const QUANTITY_STEPS_MAX = 9;
const EXPIRY_MS_MIN = 1_000;
const EXPIRY_MS_MAX = 12_000;
const DEADLINE_SECONDS = 5;

export type Wish =
  | { readonly kind: 'place'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'amend'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'cancel_all'; readonly market: string }
  | { readonly kind: 'cancel_all_after'; readonly market: string; readonly seconds: number };

/** Shares of a hundred. What is left are limit orders that may rest. */
const SHARES = {
  cancel: 14,
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
  if (falls(SHARES.invalid)) return place(drawInvalid(draw, limit));
  return place(limit);
}

function place(body: Readonly<Record<string, unknown>>): Wish {
  return { kind: 'place', body };
}

function drawLimit(draw: Draw, shape: MarketShape): Record<string, unknown> {
  const { market } = shape;
  const side = draw.pick(['buy', 'sell']);
  const price = shape.middle + draw.whole(-BAND_TICKS, BAND_TICKS) * shape.tick;
  return {
    market,
    side,
    type: 'limit',
    price: decimalOf(price, shape.priceDecimals),
    quantity: drawQuantity(draw, shape),
    ...(draw.chance(0.1) ? { selfTradePrevention: draw.pick(['cancel_maker', 'decrement']) } : {}),
  };
}

function drawMarketOrder(draw: Draw, shape: MarketShape): Record<string, unknown> {
  const { market } = shape;
  const side = draw.pick(['buy', 'sell']);
  const order = { market, side, type: 'market' };
  if (side === 'sell' || draw.chance(0.5)) {
    return { ...order, quantity: drawQuantity(draw, shape) };
  }
  const amount = shape.middle * shape.quantity * draw.whole(1, QUANTITY_STEPS_MAX);
  return { ...order, quoteAmount: decimalOf(amount, shape.priceDecimals) };
}

/** Shows one step of up to nine: others take several parts, each from the back of the queue. */
function drawIceberg(draw: Draw, shape: MarketShape): Record<string, unknown> {
  const displayQuantity = decimalOf(shape.quantity, shape.quantityDecimals);
  return { quantity: drawQuantity(draw, shape), displayQuantity };
}

/** Its trigger lies where the market trades: many are reached soon, some at once and refused. */
function drawTriggered(draw: Draw, shape: MarketShape): Record<string, unknown> {
  const { market } = shape;
  const price = shape.middle + draw.whole(-BAND_TICKS, BAND_TICKS) * shape.tick;
  const trigger = {
    type: draw.pick(['stop_loss', 'take_profit']),
    price: decimalOf(price, shape.priceDecimals),
  };
  if (draw.chance(0.5)) {
    const side = draw.pick(['buy', 'sell']);
    const trailing = { type: 'trailing_stop', trailBps: draw.pick([1, 3, 10]) };
    const waitsFor = draw.chance(0.4) ? trailing : trigger;
    const order = { market, side, type: 'market', quantity: drawQuantity(draw, shape) };
    return { ...order, trigger: waitsFor };
  }
  const expiry = draw.chance(0.2) ? drawExpiry(draw) : {};
  return { ...drawLimit(draw, shape), ...expiry, trigger };
}

function drawAmend(draw: Draw): Record<string, unknown> {
  const shape = draw.pick(MARKETS);
  // Of another market the price may be off its band: then the refusal is what is tested.
  if (draw.chance(0.6)) return { quantity: drawQuantity(draw, shape) };
  const price = shape.middle + draw.whole(-BAND_TICKS, BAND_TICKS) * shape.tick;
  return { price: decimalOf(price, shape.priceDecimals) };
}

function drawExpiry(draw: Draw): Record<string, unknown> {
  const atMs = Date.now() + draw.whole(EXPIRY_MS_MIN, EXPIRY_MS_MAX);
  return { timeInForce: 'GTD', expiresAt: new Date(atMs).toISOString() };
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

function drawQuantity(draw: Draw, shape: MarketShape): string {
  return decimalOf(shape.quantity * draw.whole(1, QUANTITY_STEPS_MAX), shape.quantityDecimals);
}

/** Without zeros at the end, as the exchange wants amounts. */
function decimalOf(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
