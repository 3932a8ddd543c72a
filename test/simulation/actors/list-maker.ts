// Random order lists as clients write them, round the same middle price as their orders: so close
// that one order is soon filled or triggered, and the others follow.
import type { Random } from '../world/random.ts';
import type { ListBody, OrderBody } from './client-record.ts';
import { expiry, iceberg, peg, price, quantity, trailing, triggered } from './order-maker.ts';

type Side = OrderBody['side'];
type Terms = Omit<OrderBody, 'clientOrderId'>;

/** `nowMs` is the true time: the database's clock may disagree. */
export function makeList(
  random: Random,
  market: ListBody['market'],
  clientListId: string,
  nowMs: number,
): ListBody {
  const type = random.pick(['oco', 'oto', 'otoco'] as const);
  const side = random.chance(0.5) ? 'buy' : 'sell';
  const terms = drawTerms(random, type, side, nowMs);
  // Refused as no list.
  if (random.chance(0.02)) terms.pop();
  const orders = terms.map((order, at) => ({ ...order, clientOrderId: `${clientListId}-${at}` }));
  return { type, market, orders, clientListId };
}

function drawTerms(random: Random, type: ListBody['type'], side: Side, nowMs: number): Terms[] {
  if (type === 'oco') return pair(random, side);
  const other = side === 'buy' ? 'sell' : 'buy';
  const first = working(random, side, nowMs);
  return type === 'otoco'
    ? [first, ...pair(random, other)]
    : [first, pending(random, random.chance(0.8) ? other : side, nowMs)];
}

/** Mostly small and across the market: what waits for it comes only when it is filled. */
function working(random: Random, side: Side, nowMs: number): Terms {
  const isAcross = random.chance(0.6);
  const order = {
    side,
    type: 'limit',
    price: price(random, isAcross === (side === 'buy') ? 'sell' : 'buy'),
    quantity: quantity(random),
  } as const;
  const kind = random.between(0, 9);
  if (kind === 0) return { ...order, timeInForce: 'IOC' };
  if (kind === 1) return { ...order, timeInForce: 'GTD', expiresAt: expiry(random, nowMs) };
  if (kind === 2) return { ...order, ...iceberg(random) };
  return kind === 3 ? { ...order, peg: peg(random) } : order;
}

function pending(random: Random, side: Side, nowMs: number): Terms {
  if (random.chance(0.5)) return { side, ...triggered(random, side, nowMs) };
  const size = { side, quantity: quantity(random) };
  if (random.chance(0.4)) return { ...size, type: 'market' };
  const order = { ...size, type: 'limit', price: price(random, side) } as const;
  return random.chance(0.2) ? { ...order, peg: peg(random) } : order;
}

/** One for when the market turns against it and one for when it does not, either of them first. */
function pair(random: Random, side: Side): Terms[] {
  const common = { side, quantity: quantity(random) };
  const better = side === 'sell' ? random.between(100, 104) : random.between(96, 100);
  const worse = side === 'sell' ? random.between(96, 100) : random.between(100, 104);
  const profit: Terms = random.chance(0.6)
    ? { ...common, type: 'limit', price: ticks(better), postOnly: true }
    : { ...common, ...waiting(random, side, { type: 'take_profit', price: ticks(better) }) };
  const stop: Terms = random.chance(0.25)
    ? { ...common, type: 'market', trigger: trailing(random) }
    : { ...common, ...waiting(random, side, { type: 'stop_loss', price: ticks(worse) }) };
  return random.chance(0.5) ? [profit, stop] : [stop, profit];
}

function waiting(
  random: Random,
  side: Side,
  trigger: NonNullable<OrderBody['trigger']>,
): Pick<Terms, 'type' | 'price' | 'trigger'> {
  return random.chance(0.5)
    ? { type: 'market', trigger }
    : { type: 'limit', price: price(random, side), trigger };
}

function ticks(count: number): string {
  return (count / 100).toFixed(2);
}
