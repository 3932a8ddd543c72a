// What each command does with the naive book: "Each command" in docs/engine.md. Placing and
// amending have files of their own.
import { isScalable, orderIdOf, userIdOf } from './naive-amounts.ts';
import { amend } from './naive-amending.ts';
import type { NaiveBook } from './naive-book.ts';
import { placeList } from './naive-listing.ts';
import { commandsOf, keepList } from './naive-lists.ts';
import { conditionOf, orderOf } from './naive-orders.ts';
import { bringStatus, mayFollow } from './naive-phases.ts';
import { place } from './naive-placing.ts';
import type {
  BlockUser,
  Cancel,
  CancelAll,
  CancelAllAfter,
  Configure,
  MarketCommand,
  UserCommand,
} from './naive-types.ts';

export function act(book: NaiveBook, command: MarketCommand): void {
  if (command.kind === 'configure_market') {
    configure(book, command);
    return;
  }
  if (book.config === null) {
    answerUnconfigured(book, command);
    return;
  }
  switch (command.kind) {
    case 'place':
      place(book, command);
      return;
    case 'place_list':
      placeList(book, command);
      return;
    case 'amend': {
      const reason = amend(book, command);
      if (reason !== null) refuse(book, command, reason, command.holdIncreaseMinor);
      return;
    }
    case 'cancel':
      cancel(book, command);
      return;
    case 'cancel_all':
      cancelAll(book, command);
      return;
    case 'cancel_all_after':
      setDeadline(book, command);
      return;
    case 'block_user':
      blockUser(book, command);
  }
}

/** Answers that a command had no effect. */
export function refuse(
  book: NaiveBook,
  command: UserCommand,
  reason: string,
  releaseMinor = '0',
): void {
  const order = orderNumberOf(command);
  book.emit({
    kind: 'refused',
    commandNumber: command.number,
    userId: userIdOf(command.userNumber),
    orderId: order === null ? null : orderIdOf(order),
    reason,
    releaseMinor,
  });
}

function orderNumberOf(command: UserCommand): number | null {
  switch (command.kind) {
    case 'place':
      return command.number;
    case 'cancel':
    case 'amend':
      return command.orderNumber;
    case 'place_list':
    case 'cancel_all':
    case 'cancel_all_after':
    case 'block_user':
      return null;
  }
}

function answerUnconfigured(book: NaiveBook, command: UserCommand): void {
  if (command.kind !== 'place' && command.kind !== 'place_list') {
    const release = command.kind === 'amend' ? command.holdIncreaseMinor : '0';
    refuse(book, command, 'MARKET_NOT_FOUND', release);
    return;
  }
  // A list is known for as long as its orders need to find the hold that they share.
  if (command.kind === 'place_list') keepList(book, command);
  for (const order of command.kind === 'place_list' ? commandsOf(command) : [command]) {
    book.emitEnd(orderOf(order), 'rejected', 'MARKET_NOT_FOUND', BigInt(order.holdMinor));
  }
}

function configure(book: NaiveBook, { config, status, schedule }: Configure): void {
  const old = book.config;
  if (config.market !== book.market || !isScalable(config)) return;
  if (!mayFollow(book.status, status)) return;
  if (old !== null) {
    if (config.version <= old.version) return;
    const isSameMarket =
      config.base === old.base &&
      config.quote === old.quote &&
      config.baseDecimals === old.baseDecimals &&
      config.quoteDecimals === old.quoteDecimals &&
      config.tickSize === old.tickSize &&
      config.lotSize === old.lotSize &&
      config.feePolicy === old.feePolicy;
    const orders = book.buys.length + book.sells.length + book.waiting.length;
    if (!isSameMarket && orders > 0) return;
  }
  book.configure(config, status, schedule ?? []);
  bringStatus(book);
}

function cancel(book: NaiveBook, command: Cancel): void {
  const { orderNumber, userNumber, onlyIf } = command;
  const order = book.findOwn(orderNumber, userNumber);
  if (order === null) {
    refuse(book, command, 'ORDER_NOT_FOUND');
  } else if (onlyIf !== undefined && onlyIf !== conditionOf(order)) {
    refuse(book, command, 'ORDER_CANCEL_CONDITION_UNMET');
  } else {
    book.end(order, 'cancelled', 'ORDER_CANCELLED_BY_USER');
  }
}

function cancelAll(book: NaiveBook, command: CancelAll): void {
  const own = book.ordersOf(command.userNumber);
  const named = own.filter(({ side }) => side === (command.side ?? side));
  book.endAll(named, 'ORDER_CANCELLED_BY_USER');
  if (named.length === 0) refuse(book, command, 'ORDER_NOT_FOUND');
}

function setDeadline(book: NaiveBook, command: CancelAllAfter): void {
  const { number, userNumber, deadlineMs } = command;
  if (deadlineMs !== null && deadlineMs <= book.nowMs) {
    refuse(book, command, 'DEADMAN_DEADLINE_PAST');
    return;
  }
  if (deadlineMs === null) book.deadlines.delete(userNumber);
  else book.deadlines.set(userNumber, deadlineMs);
  const userId = userIdOf(userNumber);
  book.emit({ kind: 'deadman_set', commandNumber: number, userId, deadlineMs });
}

function blockUser(book: NaiveBook, { number, userNumber, isBlocked }: BlockUser): void {
  if (isBlocked) book.blocked.add(userNumber);
  else book.blocked.delete(userNumber);
  const userId = userIdOf(userNumber);
  book.emit({ kind: 'user_blocked', commandNumber: number, userId, isBlocked });
  if (isBlocked) book.endAll(book.ordersOf(userNumber), 'ORDER_CANCELLED_BY_OPERATOR');
}
