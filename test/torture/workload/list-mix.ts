// Order lists as clients write them: pairs round the market, of which one is filled or triggered
// soon, orders that wait for another to be filled, and a few that are no list.
import type { Draw } from '../draw.ts';
import {
  drawAway,
  drawExpiry,
  drawIceberg,
  drawLimit,
  drawPeg,
  drawPrice,
  drawQuantity,
  drawTrailing,
  drawTriggered,
  type MarketShape,
} from './order-parts.ts';

type Order = Readonly<Record<string, unknown>>;
type Side = 'buy' | 'sell';

export interface ListBody {
  readonly type: 'oco' | 'oto' | 'otoco';
  readonly market: string;
  readonly orders: readonly Order[];
}

const INVALID_CHANCE = 0.04;

export function drawList(draw: Draw, shape: MarketShape): ListBody {
  const { market } = shape;
  const type = draw.pick(['oco', 'oto', 'otoco'] as const);
  const side = draw.pick(['buy', 'sell'] as const);
  const list = { type, market, orders: drawOrders(draw, shape, type, side) };
  return draw.chance(INVALID_CHANCE) ? drawInvalid(draw, list) : list;
}

function drawOrders(
  draw: Draw,
  shape: MarketShape,
  type: ListBody['type'],
  side: Side,
): readonly Order[] {
  if (type === 'oco') return drawPair(draw, shape, side);
  const working = drawWorking(draw, shape, side);
  const other = side === 'buy' ? 'sell' : 'buy';
  return type === 'oto'
    ? [working, drawPending(draw, shape, draw.chance(0.8) ? other : side)]
    : [working, ...drawPair(draw, shape, other)];
}

/** Small, so that it is often filled: what waits for it comes only then. */
function drawWorking(draw: Draw, shape: MarketShape, side: Side): Order {
  const order = unlisted({ ...drawLimit(draw, shape), side });
  const kind = draw.whole(0, 9);
  if (kind < 2) return { ...order, timeInForce: 'IOC' };
  if (kind < 4) return { ...order, ...drawPeg(draw) };
  if (kind < 5) return { ...order, ...drawExpiry(draw) };
  if (kind < 6) return { ...order, ...drawIceberg(draw, shape) };
  return order;
}

function drawPending(draw: Draw, shape: MarketShape, side: Side): Order {
  const kind = draw.whole(0, 9);
  if (kind < 4) return unlisted({ ...drawTriggered(draw, shape), side });
  if (kind < 6) return { side, type: 'market', quantity: drawQuantity(draw, shape) };
  if (kind < 7) return unlisted({ ...drawLimit(draw, shape), side, ...drawPeg(draw) });
  return unlisted({ ...drawLimit(draw, shape), side });
}

/** One for when the market turns against it, one for when it does not, in any order. */
function drawPair(draw: Draw, shape: MarketShape, side: Side): readonly Order[] {
  const quantity = drawQuantity(draw, shape);
  const better = side === 'sell' ? 1 : -1;
  const worse = side === 'sell' ? -1 : 1;
  const profit = draw.chance(0.6)
    ? { type: 'limit', price: drawAway(draw, shape, better), postOnly: true }
    : waiting(draw, shape, { type: 'take_profit', price: drawAway(draw, shape, better) });
  const stop = waiting(
    draw,
    shape,
    draw.chance(0.3)
      ? drawTrailing(draw)
      : { type: 'stop_loss', price: drawAway(draw, shape, worse) },
  );
  return draw.shuffle([profit, stop]).map((order) => ({ side, quantity, ...order }));
}

/** Only a market order follows the market. */
function waiting(draw: Draw, shape: MarketShape, trigger: Order): Order {
  return trigger['type'] === 'trailing_stop' || draw.chance(0.6)
    ? { type: 'market', trigger }
    : { type: 'limit', price: drawPrice(draw, shape), trigger };
}

function drawInvalid(draw: Draw, list: ListBody): ListBody {
  const { orders } = list;
  const [first = {}] = orders;
  return draw.pick([
    { ...list, orders: [first] },
    { ...list, orders: [first, { ...first, side: 'hold' }] },
    { ...list, orders: [first, ...orders] },
    { ...list, orders: orders.map((order) => ({ ...order, trigger: undefined, postOnly: false })) },
  ]);
}

/** The market stands in the list. */
function unlisted(order: Order): Order {
  return Object.fromEntries(Object.entries(order).filter(([name]) => name !== 'market'));
}
