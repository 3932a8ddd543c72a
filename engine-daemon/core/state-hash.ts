// The canonical text of a market's state. Two engines agree exactly when this text agrees; the hash
// of it is taken outside, because hashing is not for pure files.
import { BUY, modeName, type SideCode } from './codes.ts';
import type { MarketBook } from './market-book.ts';
import type { BookState } from './book-state.ts';
import type { OrderList } from './order-lists.ts';
import { GROUP, NEXT, OWNER, TERMS } from './order-pool.ts';
import { expires, isGtd, isPostOnly, modeOf, ratesOf } from './order-terms.ts';
import type { PriceLevels } from './price-levels.ts';
import { hasTrigger, type WaitingOrder } from './waiting-order.ts';

/** The lines of docs/engine.md "State hash", without their line ends. */
export function* stateLines(book: MarketBook): Generator<string> {
  const { state, rules } = book;
  yield `market ${book.market}`;
  yield `version ${rules?.config.version ?? 0} status ${rules?.status ?? 'none'}`;
  yield `now ${book.nowMs}`;
  yield `sequence ${book.sequence}`;
  yield `highest ${state.window.highest}`;
  yield `last ${state.lastTicks} ${state.lastTradeMs}`;
  yield* sideLines(state, state.buys);
  yield* sideLines(state, state.sells);
  for (const order of state.waiting.sorted()) yield waitingLine(state, order);
  for (const user of Float64Array.from(state.blocked).sort()) yield `blocked ${user}`;
  for (const [user, deadlineMs] of state.deadmen.all()) yield `deadman ${user} ${deadlineMs}`;
  yield* phaseLines(state);
}

function* phaseLines(state: BookState): Generator<string> {
  const { interrupted, range, indicated } = state;
  for (const { atMs, status } of state.schedule) yield `schedule ${atMs} ${status}`;
  if (interrupted !== null) yield `interrupted ${interrupted.before} ${interrupted.untilMs}`;
  if (range !== null) {
    if (state.hasReference) yield `reference ${state.lastTicks}`;
    for (const { slot, lowest, highest } of range.present()) {
      yield `slot ${slot} ${lowest} ${highest}`;
    }
  }
  for (const { order, tradeSequence } of state.waiting.queued()) {
    yield `queued ${order.number} ${tradeSequence}`;
  }
  if (indicated !== null) {
    yield `indicated ${indicated.second} ${indicated.priceTicks} ${indicated.lots}`;
  }
  for (const list of state.lists.all()) yield listLine(list);
}

function listLine({ number, working, legs, isPair, isDecided }: OrderList): string {
  const orders = legs.map((leg) => `${leg.number}${isPair ? ` ${leg.holdMinor}` : ''}`);
  const decided = isPair ? ` ${isDecided ? 'decided' : 'undecided'}` : '';
  return `list ${number} ${working} ${orders.join(' ')}${decided}`;
}

function* sideLines(state: BookState, levels: PriceLevels): Generator<string> {
  const { orders } = state;
  for (let level = levels.best; level !== 0; level = levels.next(level)) {
    const price = levels.priceOf(level);
    for (let slot = levels.firstOrder(level); slot !== 0; slot = orders.wordOf(slot, NEXT)) {
      yield orderLine(state, slot, levels.side, price);
    }
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
    `${orders.originalOf(slot)} ${orders.leftOf(slot)} ${isGtd(terms) ? 'GTD' : 'GTC'} ` +
    `${isPostOnly(terms) ? 1 : 0} ${modeName(modeOf(terms))} ${expiresAtMs} ` +
    `${makerPpm} ${takerPpm}${moreOf(state, slot)}`
  );
}

/** What few orders have. */
function moreOf({ orders }: BookState, slot: number): string {
  const display = orders.displayOf(slot);
  const group = orders.wordOf(slot, GROUP);
  const shown = display === 0 ? '' : ` display ${orders.shownOf(slot)} ${display}`;
  return group === 0 ? shown : `${shown} group ${group}`;
}

function waitingLine(state: BookState, order: WaitingOrder): string {
  const { number, userNumber, priceTicks, quantityLots } = order;
  return (
    `waiting ${number} ${userNumber} ${order.side === 'buy' ? 'b' : 's'} ${priceTicks} ` +
    `${quantityLots} ${quantityLots} ${order.timeInForce} ${order.postOnly ? 1 : 0} ` +
    `${order.selfTradePrevention} ${order.expiresAtMs ?? 0} ${order.makerFeePpm} ` +
    `${order.takerFeePpm} ${order.type} ${order.holdMinor} ${order.quoteBudgetMinor ?? '-'} ` +
    `${triggerOf(state, order)}${moreOfWaiting(state, order)}`
  );
}

function triggerOf(state: BookState, order: WaitingOrder): string {
  if (!state.waiting.isPending(order) && hasTrigger(order)) {
    return `${order.trigger.kind} ${state.waiting.triggerTicksOf(order)}`;
  }
  const { trigger } = order;
  if (trigger === undefined) return 'working_order 0';
  const ticks = trigger.kind === 'trailing_stop' ? 0 : trigger.priceTicks;
  return `working_order 0 then ${trigger.kind} ${ticks}`;
}

function moreOfWaiting(state: BookState, order: WaitingOrder): string {
  const { trigger, displayLots, tradeGroup, peg } = order;
  const trail =
    trigger?.kind === 'trailing_stop'
      ? ` trail ${trigger.trailBps} ${state.waiting.extremeOf(order)} ` +
        `${trigger.activationPriceTicks ?? 0}`
      : '';
  const display = displayLots === undefined ? '' : ` display ${displayLots}`;
  const group = tradeGroup === undefined ? '' : ` group ${tradeGroup}`;
  return `${trail}${display}${group}${peg === undefined ? '' : ` peg ${peg.to} ${peg.offsetLevels}`}`;
}
