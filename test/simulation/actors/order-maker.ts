// Random orders as clients write them: every type, time in force and self-trade mode, near a middle
// price, and at times something that must be refused.
import type { Random } from '../world/random.ts';
import type { OrderBody, PlaceBody } from './client-record.ts';

const MODES = ['cancel_taker', 'cancel_maker', 'cancel_both', 'decrement', 'none'] as const;
const EXPIRY_MS_MAX = 2_500;

/** `nowMs` is the true time: the database's clock may disagree. */
export function makeOrder(
  random: Random,
  market: PlaceBody['market'],
  clientOrderId: string,
  nowMs: number,
): PlaceBody {
  const side = random.chance(0.5) ? 'buy' : 'sell';
  const head = { market, side, clientOrderId } as const;
  const mode = random.chance(0.6) ? {} : { selfTradePrevention: random.pick(MODES) };
  if (random.chance(0.12)) {
    return { ...head, ...mode, ...triggered(random, side, nowMs) };
  }
  if (random.chance(0.18)) return { ...head, ...mode, type: 'market', ...marketSize(random) };
  const timeInForce = random.weighted([
    [12, 'GTC'],
    [2, 'DAY'],
    [3, 'IOC'],
    [2, 'FOK'],
    [4, 'GTD'],
  ]);
  const canRest = timeInForce !== 'IOC' && timeInForce !== 'FOK';
  return {
    ...head,
    ...mode,
    type: 'limit',
    timeInForce,
    price: price(random, side),
    quantity: quantity(random),
    ...(canRest && random.chance(0.15) ? { postOnly: true } : {}),
    ...(canRest && random.chance(0.12) ? iceberg(random) : {}),
    ...(random.chance(0.08) ? { peg: peg(random) } : {}),
    ...(timeInForce === 'GTD' ? { expiresAt: expiry(random, nowMs) } : {}),
  };
}

export function price(random: Random, side: 'buy' | 'sell'): string {
  if (random.chance(0.01)) return '1.2';
  if (random.chance(0.005)) return '1.005';
  const away = random.between(-2, 4);
  const ticks = side === 'buy' ? 100 - away : 100 + away;
  return `${Math.floor(ticks / 100)}.${String(ticks % 100).padStart(2, '0')}`;
}

export function quantity(random: Random): string {
  if (random.chance(0.01)) return '0.0001';
  if (random.chance(0.005)) return '0.00025';
  return lots(random.between(2, random.chance(0.1) ? 60 : 12));
}

/** Some are no larger than what they show. */
export function iceberg(random: Random): Pick<OrderBody, 'quantity' | 'displayQuantity'> {
  return { quantity: lots(random.between(3, 30)), displayQuantity: lots(random.between(2, 5)) };
}

export function peg(random: Random): NonNullable<OrderBody['peg']> {
  const to = random.chance(0.6) ? 'same' : 'opposite';
  return random.chance(0.3) ? { to, offsetLevels: random.between(0, 2) } : { to };
}

function lots(count: number): string {
  return (count / 10_000).toFixed(4);
}

function marketSize(random: Random): Partial<PlaceBody> {
  if (random.chance(0.4)) {
    return {
      quoteAmount: `0.00${String(random.between(3, 30)).padStart(2, '0')}${random.between(0, 99)}`,
    };
  }
  return { quantity: quantity(random), timeInForce: random.chance(0.3) ? 'FOK' : 'IOC' };
}

/** Round the middle, so that it is often reached, and at times at once. */
export function triggered(
  random: Random,
  side: 'buy' | 'sell',
  nowMs: number,
): Omit<OrderBody, 'side' | 'clientOrderId'> {
  const size = { quantity: quantity(random) };
  if (random.chance(0.25)) return { ...size, type: 'market', trigger: trailing(random) };
  const trigger = {
    type: random.pick(['stop_loss', 'take_profit'] as const),
    price: price(random, random.chance(0.5) ? 'buy' : 'sell'),
  };
  if (random.chance(0.5)) return { ...size, type: 'market', trigger };
  const expires = random.chance(0.3)
    ? ({ timeInForce: 'GTD', expiresAt: expiry(random, nowMs) } as const)
    : {};
  return { ...size, ...expires, type: 'limit', price: price(random, side), trigger };
}

/** A tick is one per cent: it trails by that, or by a few. */
export function trailing(random: Random): NonNullable<OrderBody['trigger']> {
  const trail = { type: 'trailing_stop', trailBps: random.between(1, 3) * 100 } as const;
  if (random.chance(0.6)) return trail;
  return { ...trail, activationPrice: price(random, random.chance(0.5) ? 'buy' : 'sell') };
}

export function expiry(random: Random, nowMs: number): string {
  const afterMs = random.chance(0.05) ? -1_000 : random.between(1, EXPIRY_MS_MAX);
  return new Date(nowMs + afterMs).toISOString();
}
