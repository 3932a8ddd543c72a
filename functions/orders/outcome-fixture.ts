// For tests of waiting: what an engine would tell of orders, in the log or in the feed.
import type { Bus } from '../../shared/bus/bus.ts';
import type { Cache } from '../../shared/cache/cache.ts';
import { orderId, tradeId, userId } from '../../shared/domain/ids.ts';
import { TOPICS } from '../../shared/events/catalog.ts';
import { encodeEvent } from '../../shared/events/envelope.ts';
import type { ArmedEvent, ExecutionEvent, TriggeredEvent } from '../../shared/events/executions.ts';
import { outcomesChannel } from '../../shared/feed/feed-channels.ts';
import { record } from './fixture.ts';

const MARKET = 'BTC-USD';
const OWNER = userId(1);

export function opened(sequence: number, number: number): ExecutionEvent {
  const head = { sequence, timeMs: 1, orderId: orderId(number), userId: OWNER };
  return { kind: 'opened', ...head, side: 'buy', priceTicks: 5, remainingLots: 2 };
}

export function armed(sequence: number, number: number): ArmedEvent {
  const head = { sequence, timeMs: 1, orderId: orderId(number), userId: OWNER };
  const trigger = { triggerKind: 'stop_loss', triggerPriceTicks: 5 } as const;
  return { kind: 'armed', ...head, side: 'buy', ...trigger, remainingLots: 2 };
}

export function triggered(sequence: number, number: number): TriggeredEvent {
  const head = { sequence, timeMs: 1, orderId: orderId(number), userId: OWNER };
  return { kind: 'triggered', ...head, tradeSequence: sequence - 1 };
}

export function ended(sequence: number, number: number): ExecutionEvent {
  const head = { sequence, timeMs: 1, orderId: orderId(number), userId: OWNER };
  const end = { status: 'cancelled', reason: 'ORDER_CANCELLED_BY_USER' } as const;
  return { kind: 'ended', ...head, ...end, cancelledLots: 1, releaseMinor: '0' };
}

/** The order is the taker. */
export function trade(sequence: number, number: number): ExecutionEvent {
  const party = { userId: OWNER, feePpm: 0, remainingLots: 2, holdMinor: '5' };
  return {
    kind: 'trade',
    sequence,
    timeMs: 1,
    tradeId: tradeId(MARKET, sequence),
    priceTicks: 5,
    quantityLots: 1,
    baseMinor: '1',
    quoteMinor: '5',
    takerSide: 'buy',
    taker: { ...party, orderId: orderId(number) },
    maker: { ...party, orderId: orderId(number + 1_000_000) },
  };
}

export async function provisionLog(bus: Bus): Promise<void> {
  await bus.provision(Object.values(TOPICS));
}

/** One record of the log. */
export async function tellLog(bus: Bus, events: readonly ExecutionEvent[]): Promise<void> {
  const { topic, key, headers, data } = encoded(events);
  await bus.publish([{ topic, partition: 0, key, headers, value: Buffer.from(data) }]);
}

/** The same record in the feed. */
export async function tellFeed(cache: Cache, events: readonly ExecutionEvent[]): Promise<void> {
  await cache.publish([{ channel: outcomesChannel(0), text: encoded(events).data }]);
}

function encoded(events: readonly ExecutionEvent[]) {
  const head = { id: 'test', source: '/test', timeMs: 0 };
  return encodeEvent('executions', null, { outputs: [record(events)] }, head);
}
