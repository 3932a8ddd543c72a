// The canonical text of a market's state. Two engines agree exactly when this text agrees; the hash
// of it is taken outside, because hashing is not for pure files.
import { BUY, SELL, modeName, type SideCode } from './codes.ts';
import type { MarketBook } from './market-book.ts';
import type { BookState } from './book-state.ts';
import { NEXT, OWNER, TERMS } from './order-pool.ts';
import { expires, isGtd, isPostOnly, modeOf, ratesOf } from './order-terms.ts';
import type { WaitingOrder } from './waiting-orders.ts';

/** The lines of docs/engine.md "State hash", without their line ends. */
export function* stateLines(book: MarketBook): Generator<string> {
  const { state, rules } = book;
  yield `market ${book.market}`;
  yield `version ${rules?.config.version ?? 0} status ${rules?.status ?? 'none'}`;
  yield `now ${book.nowMs}`;
  yield `sequence ${book.sequence}`;
  yield `highest ${state.window.highest}`;
  yield `last ${state.lastTicks}`;
  yield* sideLines(state, BUY);
  yield* sideLines(state, SELL);
  for (const order of state.waiting.sorted()) yield waitingLine(order);
}

function* sideLines(state: BookState, side: SideCode): Generator<string> {
  const { levels, orders } = state;
  let level = side === BUY ? levels.bestBuy : levels.bestSell;
  while (level !== 0) {
    const price = levels.priceOf(level);
    for (let slot = levels.firstOrder(level); slot !== 0; slot = orders.wordOf(slot, NEXT)) {
      yield orderLine(state, slot, side, price);
    }
    level = levels.nextFrom(level, side);
  }
}

function orderLine(state: BookState, slot: number, side: SideCode, price: number): string {
  const { orders, rates } = state;
  const terms = orders.wordOf(slot, TERMS);
  const user = state.owners.userOf(orders.wordOf(slot, OWNER));
  const expiresAtMs = expires(terms) ? state.expiry.keyOf(slot) : 0;
  const makerPpm = rates.makerPpm[ratesOf(terms)] as number;
  const takerPpm = rates.takerPpm[ratesOf(terms)] as number;
  // One template: joining an array took three times as long, and a recovery waits for this.
  return (
    `${orders.numberOf(slot)} ${user} ${side === BUY ? 'b' : 's'} ${price} ` +
    `${orders.originalOf(slot)} ${orders.remainingOf(slot)} ${isGtd(terms) ? 'GTD' : 'GTC'} ` +
    `${isPostOnly(terms) ? 1 : 0} ${modeName(modeOf(terms))} ${expiresAtMs} ` +
    `${makerPpm} ${takerPpm}`
  );
}

function waitingLine(order: WaitingOrder): string {
  const { number, userNumber, priceTicks, quantityLots, trigger } = order;
  return (
    `waiting ${number} ${userNumber} ${order.side === 'buy' ? 'b' : 's'} ${priceTicks} ` +
    `${quantityLots} ${quantityLots} ${order.timeInForce} ${order.postOnly ? 1 : 0} ` +
    `${order.selfTradePrevention} ${order.expiresAtMs ?? 0} ${order.makerFeePpm} ` +
    `${order.takerFeePpm} ${order.type} ${order.holdMinor} ${order.quoteBudgetMinor ?? '-'} ` +
    `${trigger.kind} ${trigger.priceTicks}`
  );
}
