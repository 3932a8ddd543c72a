// What a random run must have seen of the statuses of a market and of its schedule: "Phases" in
// docs/engine.md.
import type { Context, Hit } from './coverage-acts.ts';
import { orderIdOf } from './naive-amounts.ts';
import { isCrossed } from './naive-auction.ts';
import type { Execution } from './naive-events.ts';
import { mayFollow } from './naive-phases.ts';
import type { Configure, MarketCommand, MarketStatus } from './naive-types.ts';

const STATUSES: readonly MarketStatus[] = [
  ...(['trading', 'cancel_only', 'halted', 'post_only', 'limit_only'] as const),
  ...(['pre_open', 'auction', 'closing', 'delisted'] as const),
];
const COLLECTING = ['pre_open', 'auction'];

export const PHASE_OUTCOMES: readonly string[] = [
  ...STATUSES.map((status) => `${status} by configuration`),
  ...STATUSES.map((status) => `${status} by schedule`),
  'schedule moved by tick',
  'schedule moved by place',
  'schedule moved several times at once',
  'schedule skipped what may not follow',
  'schedule replaced',
  'configure_market ignored for its status',
  'configured the same status anew',
  'delisted with resting orders',
  'delisted with waiting orders',
  ...COLLECTING.flatMap((status) => [
    `${status}: refused a market order`,
    `${status}: refused an order that is post-only`,
    `${status}: refused an order that is IOC`,
    `${status}: refused an order that is FOK`,
    `${status}: limit order rested across`,
    `${status}: order armed`,
    `${status}: iceberg rested`,
    `${status}: amended across`,
    `${status}: amended in place`,
  ]),
  'closing: amended in place',
  'closing: cancelled',
];

/** Changes of status among events, whatever made them. */
export function notePhases(
  cause: string,
  events: readonly Execution[],
  { schedule, waiting, resting, book }: Context,
  hit: Hit,
): void {
  const changes = events.filter((event) => event.kind === 'phase_changed');
  const scheduled = changes.filter((event) => event.cause === 'schedule');
  for (const { status } of scheduled) {
    hit(`${status} by schedule`);
    hit(`schedule moved by ${cause}`);
  }
  if (scheduled.length > 1) hit('schedule moved several times at once');
  if (cause !== 'configuration') {
    const due = schedule.filter(({ atMs }) => atMs <= book.nowMs);
    if (due.length > scheduled.length) hit('schedule skipped what may not follow');
  }
  for (const event of events) {
    if (event.kind !== 'ended' || event.reason !== 'MARKET_DELISTED') continue;
    if (waiting.has(event.orderId)) hit('delisted with waiting orders');
    if (resting.has(event.orderId)) hit('delisted with resting orders');
  }
}

export function noteConfigured(
  command: Configure,
  done: readonly Execution[],
  { status, schedule, versionBefore, book }: Context,
  hit: Hit,
): void {
  if (done.some(({ kind }) => kind === 'configured')) {
    hit(`${command.status} by configuration`);
    if (status === command.status) hit('configured the same status anew');
    if (schedule.some(({ atMs }) => atMs > book.nowMs)) hit('schedule replaced');
    return;
  }
  const present = status === 'none' ? 'none' : (status as MarketStatus);
  const isNewer = command.config.version > versionBefore;
  if (isNewer && !mayFollow(present, command.status)) {
    hit('configure_market ignored for its status');
  }
}

/** What orders came to while the market collected or was about to close. */
export function notePhaseOrders(
  command: MarketCommand,
  own: readonly Execution[],
  { status, book }: Context,
  hit: Hit,
): void {
  const isCollecting = COLLECTING.includes(status);
  if (status === 'closing') {
    for (const event of own) {
      if (event.kind === 'amended') hit('closing: amended in place');
      if (event.kind === 'ended' && event.reason === 'ORDER_CANCELLED_BY_USER') {
        hit('closing: cancelled');
      }
    }
  }
  if (!isCollecting) return;
  for (const event of own) {
    if (command.kind === 'amend' && event.kind === 'amended') {
      if (event.priorityKept) hit(`${status}: amended in place`);
      else if (isCrossed(book)) hit(`${status}: amended across`);
    }
    if (command.kind !== 'place') continue;
    if (event.kind === 'armed') hit(`${status}: order armed`);
    if (event.kind === 'opened') {
      if (isCrossed(book)) hit(`${status}: limit order rested across`);
      if (book.find(command.number)?.iceberg) hit(`${status}: iceberg rested`);
    }
    const isOwn = event.kind === 'ended' && event.orderId === orderIdOf(command.number);
    if (!isOwn || event.reason !== 'MARKET_AUCTION') continue;
    if (command.type === 'market') hit(`${status}: refused a market order`);
    else if (command.postOnly) hit(`${status}: refused an order that is post-only`);
    else hit(`${status}: refused an order that is ${command.timeInForce}`);
  }
}
