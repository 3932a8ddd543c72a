// What an order waits for, in integers, and the prices that a market order is sized by before
// anybody knows at which it will trade.
import { protectedTicks as worstTicksFrom } from '../../../shared/domain/hold.ts';
import type { Side } from '../../../shared/domain/order.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { PlaceCommand } from '../../../shared/events/commands.ts';
import { divRoundDown, divRoundUp } from '../../../shared/money/rounding.ts';
import type { TriggerBody } from '../schema.ts';
import { readTicks } from './read-steps.ts';
import type { MarketTerms } from './size.ts';

/** What an order waits for before it takes part, as its command says it. */
export type Trigger = NonNullable<PlaceCommand['trigger']>;
type TrailingTrigger = Extract<Trigger, { kind: 'trailing_stop' }>;

const BPS = 10_000n;

export function readTrigger(
  trigger: TriggerBody | undefined,
  terms: MarketTerms,
): Trigger | null | Rejection {
  if (trigger === undefined) return null;
  const offTick = 'ORDER_TRIGGER_PRICE_OFF_TICK';
  if (trigger.type !== 'trailing_stop') {
    const priceTicks = readTicks(trigger.price, terms, { name: 'trigger.price', offTick });
    return isRejection(priceTicks) ? priceTicks : { kind: trigger.type, priceTicks };
  }
  const { type: kind, trailBps, activationPrice } = trigger;
  if (activationPrice === undefined) return { kind, trailBps };
  const field = { name: 'trigger.activationPrice', offTick } as const;
  const activationPriceTicks = readTicks(activationPrice, terms, field);
  return isRejection(activationPriceTicks)
    ? activationPriceTicks
    : { kind, trailBps, activationPriceTicks };
}

/**
 * The price from which on a market order is expected to trade: the best opposite one, or for an
 * order that waits the one it waits for. Null when nobody knows.
 */
export function startTicks(side: Side, trigger: Trigger | null, terms: MarketTerms): number | null {
  if (trigger === null) return side === 'buy' ? terms.bestAskTicks : terms.bestBidTicks;
  if (trigger.kind !== 'trailing_stop') return trigger.priceTicks;
  const reference = referenceTicks(side, trigger, terms);
  if (reference === null) return null;
  const trail = BigInt(trigger.trailBps);
  if (side === 'buy') {
    return atMost(divRoundUp(BigInt(reference) * (BPS + trail), BPS), terms.scale.maxPriceTicks);
  }
  const start = divRoundDown(BigInt(reference) * (BPS - trail), BPS);
  return Math.max(Number(start), terms.scale.minPriceTicks);
}

/**
 * The worst price for a market order, within the price band. One that takes part at once trades
 * from the best opposite price on, and one with a fixed trigger from that price on.
 */
export function worstTicks(
  side: Side,
  trigger: Trigger | null,
  terms: MarketTerms,
): number | Rejection {
  if (trigger?.kind === 'trailing_stop') return worstTrailingTicks(side, trigger, terms);
  // A sell locks base whatever its price; only a buy needs to know what it may cost. One that waits
  // may find a market far from its trigger price, so it is kept near it.
  if (side === 'sell' && trigger === null) return terms.scale.minPriceTicks;
  const start = startTicks(side, trigger, terms);
  return start === null ? reject('ORDER_LIQUIDITY_NONE') : protectedTicks(side, start, terms);
}

/** The worst price for an order that trades from `start` on. Rounded towards `start`. */
export function protectedTicks(side: Side, start: number, terms: MarketTerms): number {
  return worstTicksFrom(terms.scale, terms.config.protectionBps, side, start);
}

/**
 * A buy's trigger price only falls from where it begins, so that and the protection bound what it
 * costs: reference x (1 + trail) x (1 + protection), rounded up once. A sell's only rises: it has
 * base to give at any price, and the protection of its own time keeps it near the market.
 */
function worstTrailingTicks(
  side: Side,
  trigger: TrailingTrigger,
  terms: MarketTerms,
): number | Rejection {
  if (side === 'sell') return terms.scale.minPriceTicks;
  const reference = referenceTicks(side, trigger, terms);
  if (reference === null) {
    return reject('ORDER_TRIGGER_REFERENCE_NONE', 'the book has no price to size the order by');
  }
  const trail = BPS + BigInt(trigger.trailBps);
  const protection = BPS + BigInt(terms.config.protectionBps);
  const ticks = divRoundUp(BigInt(reference) * trail * protection, BPS * BPS);
  return atMost(ticks, terms.scale.maxPriceTicks);
}

/** Where the best price of a trailing stop begins, at worst. */
function referenceTicks(
  side: Side,
  { activationPriceTicks: activation }: TrailingTrigger,
  terms: MarketTerms,
): number | null {
  const best = side === 'buy' ? terms.bestAskTicks : terms.bestBidTicks;
  if (best === null || activation === undefined) return best;
  return Math.max(best, activation);
}

function atMost(ticks: bigint, ticksMax: number): number {
  return ticks > BigInt(ticksMax) ? ticksMax : Number(ticks);
}
