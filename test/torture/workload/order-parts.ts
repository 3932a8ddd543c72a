// What the clients' orders are made of: prices round a middle, quantities, triggers, expiries.
import type { Draw } from '../draw.ts';

export interface MarketShape {
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

export function drawLimit(draw: Draw, shape: MarketShape): Record<string, unknown> {
  const { market } = shape;
  const side = draw.pick(['buy', 'sell']);
  return {
    market,
    side,
    type: 'limit',
    price: drawPrice(draw, shape),
    quantity: drawQuantity(draw, shape),
    ...(draw.chance(0.1) ? { selfTradePrevention: draw.pick(['cancel_maker', 'decrement']) } : {}),
  };
}

export function drawMarketOrder(draw: Draw, shape: MarketShape): Record<string, unknown> {
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
export function drawIceberg(draw: Draw, shape: MarketShape): Record<string, unknown> {
  const displayQuantity = decimalOf(shape.quantity, shape.quantityDecimals);
  return { quantity: drawQuantity(draw, shape), displayQuantity };
}

/** Its trigger lies where the market trades: many are reached soon, some at once and refused. */
export function drawTriggered(draw: Draw, shape: MarketShape): Record<string, unknown> {
  const { market } = shape;
  const type = draw.pick(['stop_loss', 'take_profit']);
  const trigger = { type, price: drawPrice(draw, shape) };
  if (draw.chance(0.5)) {
    const side = draw.pick(['buy', 'sell']);
    const waitsFor = draw.chance(0.4) ? drawTrailing(draw) : trigger;
    const order = { market, side, type: 'market', quantity: drawQuantity(draw, shape) };
    return { ...order, trigger: waitsFor };
  }
  const expiry = draw.chance(0.2) ? drawExpiry(draw) : {};
  return { ...drawLimit(draw, shape), ...expiry, trigger };
}

export function drawTrailing(draw: Draw): Readonly<Record<string, unknown>> {
  return { type: 'trailing_stop', trailBps: draw.pick([1, 3, 10]) };
}

/** At the best price of a side, or some levels behind; its own price is the worst that it takes. */
export function drawPeg(draw: Draw): Readonly<Record<string, unknown>> {
  const peg = { to: draw.pick(['same', 'same', 'opposite']) };
  return { peg: draw.chance(0.4) ? { ...peg, offsetLevels: draw.whole(0, 3) } : peg };
}

export function drawExpiry(draw: Draw): Record<string, unknown> {
  const atMs = Date.now() + draw.whole(EXPIRY_MS_MIN, EXPIRY_MS_MAX);
  return { timeInForce: 'GTD', expiresAt: new Date(atMs).toISOString() };
}

export function drawPrice(draw: Draw, shape: MarketShape): string {
  return priceAt(shape, draw.whole(-BAND_TICKS, BAND_TICKS));
}

/** So many ticks above the middle, or below. */
export function drawAway(draw: Draw, shape: MarketShape, direction: 1 | -1): string {
  return priceAt(shape, direction * draw.whole(1, BAND_TICKS));
}

function priceAt(shape: MarketShape, ticks: number): string {
  return decimalOf(shape.middle + ticks * shape.tick, shape.priceDecimals);
}

export function drawQuantity(draw: Draw, shape: MarketShape): string {
  return decimalOf(shape.quantity * draw.whole(1, QUANTITY_STEPS_MAX), shape.quantityDecimals);
}

/** Without zeros at the end, as the exchange wants amounts. */
function decimalOf(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
