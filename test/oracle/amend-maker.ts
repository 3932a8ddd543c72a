// Turns the abstract spec of an amend, or of any command on an order, into a concrete one.
import type { AmendSpec, TargetSpec } from './command-specs.ts';
import { holdOf } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import { isCollecting } from './naive-phases.ts';
import type { Order } from './naive-orders.ts';
import type { Amend, Bare } from './naive-types.ts';
import { priceOf, USER_FIRST } from './place-maker.ts';

/** An order that rests or, now and then, waits. */
function presentOf(spec: TargetSpec, book: NaiveBook): Order | null {
  const waiting = book.waiting.map(({ order }) => order);
  const resting = spec.target === 'waiting' ? [] : [...book.buys, ...book.sells];
  const present = [...resting, ...waiting];
  return present[spec.pick % Math.max(1, present.length)] ?? null;
}

export function targetOf(
  spec: TargetSpec,
  book: NaiveBook,
): { readonly userNumber: number; readonly orderNumber: number } {
  const order = presentOf(spec, book);
  if (order === null || spec.target === 'ended') {
    return { userNumber: USER_FIRST, orderNumber: Math.max(1, book.highest - spec.pick) };
  }
  const isForeign = spec.target === 'foreign';
  return { userNumber: order.user + (isForeign ? 1 : 0), orderNumber: order.number };
}

export function amendOf(spec: AmendSpec, book: NaiveBook): Bare<Amend> {
  const target = targetOf(spec, book);
  const order = book.find(target.orderNumber);
  if (order === null) {
    const priceTicks = spec.price === 'same' ? 100 : spec.price;
    const holdIncreaseMinor = spec.hold === 'extra' ? '17' : '0';
    return { kind: 'amend', ...target, priceTicks, quantityLots: spec.step, holdIncreaseMinor };
  }
  const priceTicks =
    spec.price === 'same'
      ? Number(order.limit)
      : priceOf(spec.price, order.side, isCollecting(book.status));
  const quantityLots = amendedLots(spec, Number(order.original), order);
  const gone = order.original - order.remaining;
  const remaining = BigInt(quantityLots) - gone;
  const growth = holdOf(book.rules, order, BigInt(priceTicks), remaining) - book.holdLeft(order);
  const needed = growth > 0n && spec.hold !== 'short' ? growth : 0n;
  const increase = needed + (spec.hold === 'extra' ? 17n : 0n);
  return {
    kind: 'amend',
    ...target,
    priceTicks,
    quantityLots,
    holdIncreaseMinor: String(increase),
  };
}

function amendedLots(spec: AmendSpec, original: number, order: Order): number {
  switch (spec.lots) {
    case 'same':
      return original;
    case 'less':
      return Math.max(1, original - spec.step);
    case 'more':
      return original + spec.step;
    case 'not_above_gone':
      return Math.max(1, original - Number(order.remaining));
    case 'too_large':
      return Number.MAX_SAFE_INTEGER;
  }
}
