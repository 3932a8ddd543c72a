// What a random run must have seen of the limits of a market: "Limits of the market" in
// docs/engine.md. That each refuses something is counted where refusals are.
import type { Context, Hit } from './coverage-acts.ts';
import { orderIdOf } from './naive-amounts.ts';
import type { Execution } from './naive-events.ts';
import type { MarketCommand, Place } from './naive-types.ts';

export const LIMIT_OUTCOMES: readonly string[] = [
  'limit at the lower end of the static band',
  'limit at the upper end of the static band',
  'limit at the lower end of the dynamic band',
  'limit at the upper end of the dynamic band',
  'outside the dynamic band, but the reference is stale',
  'outside the dynamic band, but the market collects',
  'order worth exactly the maximum',
  'too large: limit',
  'too large: market',
  'too large: quote',
  'too small: limit',
  'limit order where the reference is stale',
  'market order without trigger where the reference is fresh',
  'immediate order where no more may rest',
  'order with a trigger where no more may rest',
  'order where no more may wait',
  'replaced where no more may rest',
  'triggered where no more may rest',
  'mode refused although not none',
  'mode none where others are named',
];

export function noteLimits(
  command: MarketCommand,
  own: readonly Execution[],
  context: Context,
  hit: Hit,
): void {
  const { config } = context.book;
  if (command.kind !== 'place' || config === null) return;
  const end = own.find(
    (event) => event.kind === 'ended' && event.orderId === orderIdOf(command.number),
  );
  const reason = end?.kind === 'ended' && end.status === 'rejected' ? end.reason : null;
  const isTaken = own.length > 0 && reason === null && own[0]?.kind !== 'refused';
  const shape = command.quoteBudgetMinor === null ? command.type : 'quote';
  if (reason === 'ORDER_NOTIONAL_TOO_LARGE') hit(`too large: ${shape}`);
  if (reason === 'ORDER_NOTIONAL_TOO_SMALL') hit(`too small: ${command.type}`);
  if (reason === 'ORDER_SELF_TRADE_MODE_NOT_ALLOWED' && command.selfTradePrevention !== 'none') {
    hit('mode refused although not none');
  }
  if (!isTaken) return;
  if (config.selfTradeModes !== undefined && command.selfTradePrevention === 'none') {
    hit('mode none where others are named');
  }
  noteBands(command, context, hit);
  noteCounts(command, own, context, hit);
}

function noteBands(command: Place, context: Context, hit: Hit): void {
  const { book, lastTicks, lastTradeMs, status } = context;
  const { config, scale } = book.rules;
  const maxAge = config.referenceMaxAgeMs;
  const isOld = maxAge !== undefined && lastTradeMs !== null && book.nowMs - lastTradeMs > maxAge;
  if (maxAge !== undefined && lastTradeMs !== null) {
    if (isOld && command.type === 'limit') hit('limit order where the reference is stale');
    if (!isOld && command.type === 'market' && command.trigger === undefined) {
      hit('market order without trigger where the reference is fresh');
    }
  }
  if (command.type !== 'limit') return;
  const price = BigInt(command.priceTicks) * 10_000n;
  const worth = BigInt(command.priceTicks) * BigInt(command.quantityLots) * scale.tickLotMinor;
  if (worth === scale.maxNotional) hit('order worth exactly the maximum');
  const { staticBps, dynamicBps } = config.priceBand ?? {};
  if (scale.staticTicks !== null && staticBps !== undefined) {
    const end = endOf(command.priceTicks, scale.staticTicks, staticBps);
    if (end !== null) hit(`limit at the ${end} end of the static band`);
  }
  if (dynamicBps === undefined || lastTicks === null) return;
  const [low, high] = endsOf(BigInt(lastTicks), dynamicBps);
  if (price < low || price > high) {
    if (isOld) hit('outside the dynamic band, but the reference is stale');
    if (status === 'auction' || status === 'pre_open') {
      hit('outside the dynamic band, but the market collects');
    }
    return;
  }
  const end = endOf(command.priceTicks, BigInt(lastTicks), dynamicBps);
  if (end !== null) hit(`limit at the ${end} end of the dynamic band`);
}

function endsOf(middle: bigint, bps: number): readonly [bigint, bigint] {
  return [middle * (10_000n - BigInt(bps)), middle * (10_000n + BigInt(bps))];
}

/** Which end of a band a price is at: one tick further would be outside. */
function endOf(ticks: number, middle: bigint, bps: number): 'lower' | 'upper' | null {
  const [low, high] = endsOf(middle, bps);
  const price = BigInt(ticks) * 10_000n;
  if (price >= low && price - 10_000n < low) return 'lower';
  return price <= high && price + 10_000n > high ? 'upper' : null;
}

function noteCounts(
  command: Place,
  own: readonly Execution[],
  { book, resting, waiting }: Context,
  hit: Hit,
): void {
  const { maxOpenOrders = Infinity, maxWaitingOrders = Infinity } = book.rules.config;
  const user = command.userNumber;
  const rests = [...resting.values()].filter((order) => order.user === user).length;
  const waits = [...waiting.values()].filter(({ order }) => order.user === user).length;
  const isFull = rests >= maxOpenOrders;
  if (isFull && command.trigger !== undefined) hit('order with a trigger where no more may rest');
  const isImmediate = command.type === 'market' || ['IOC', 'FOK'].includes(command.timeInForce);
  if (isFull && command.trigger === undefined && isImmediate) {
    hit('immediate order where no more may rest');
  }
  if (waits >= maxWaitingOrders && command.trigger === undefined) {
    hit('order where no more may wait');
  }
  const isReplaced = own.some((e) => e.kind === 'ended' && e.reason === 'ORDER_REPLACED');
  const isOpened = own.some(({ kind }) => kind === 'opened');
  if (isFull && isReplaced && isOpened) hit('replaced where no more may rest');
  if (book.ordersOf(user).length - waits > maxOpenOrders) hit('triggered where no more may rest');
}
