// What a waiter hears of its command, and what it must not take for it.
import { describe, expect, it } from 'vitest';
import { orderId, tradeId, userId } from '../../../shared/domain/ids.ts';
import type { ExecutionEvent, Executions, TradeEvent } from '../../../shared/events/executions.ts';
import { armed, triggered } from '../outcome-fixture.ts';
import { outcomeOf } from './outcome-of.ts';

const HEAD = { timeMs: 1 };
const OWN = { orderId: orderId(7), userId: userId(1) };
const RECORD: Executions = {
  market: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  feePolicy: 'received',
  epoch: 1,
  firstSequence: 1,
  lastSequence: 1,
  events: [],
  depth: [],
};

const opened: ExecutionEvent = {
  ...HEAD,
  ...OWN,
  kind: 'opened',
  sequence: 3,
  side: 'buy',
  priceTicks: 5,
  remainingLots: 2,
};
const filled: ExecutionEvent = {
  ...HEAD,
  ...OWN,
  kind: 'ended',
  sequence: 9,
  status: 'filled',
  reason: null,
  cancelledLots: 0,
  releaseMinor: '0',
};
const trade: TradeEvent = {
  ...HEAD,
  kind: 'trade',
  sequence: 2,
  tradeId: tradeId('BTC-USD', 2),
  priceTicks: 5,
  quantityLots: 1,
  baseMinor: '1',
  quoteMinor: '5',
  takerSide: 'buy',
  taker: { ...OWN, feePpm: 0, remainingLots: 2, holdMinor: '5' },
  maker: { orderId: orderId(6), userId: userId(2), feePpm: 0, remainingLots: 0, holdMinor: '1' },
};
const amended = (priorityKept: boolean): ExecutionEvent => ({
  ...HEAD,
  ...OWN,
  kind: 'amended',
  sequence: 4,
  commandNumber: 8,
  priceTicks: 6,
  quantityLots: 3,
  remainingLots: 2,
  priorityKept,
  releaseMinor: '0',
});
const refused: ExecutionEvent = {
  ...HEAD,
  ...OWN,
  kind: 'refused',
  sequence: 10,
  commandNumber: 8,
  reason: 'ORDER_NOT_FOUND',
  releaseMinor: '0',
};

const place = { kind: 'place' as const, commandNumber: 7 };
const amend = { kind: 'amend' as const, commandNumber: 8 };
const cancel = { kind: 'cancel' as const, commandNumber: 8 };

describe('the outcome of placing', () => {
  it('is not known before the order rests or ends', () => {
    expect(outcomeOf(RECORD, [trade], place)).toBeNull();
  });

  it('is that it rests, though it is filled as a maker right after', () => {
    expect(outcomeOf(RECORD, [trade, opened, filled], place)).toMatchObject({
      trades: [{ sequence: 2 }],
      final: { kind: 'opened' },
    });
  });

  it('is that it waits, though it is triggered, trades and ends right after', () => {
    const events = [armed(1, 7), triggered(2, 7), { ...trade, sequence: 3 }, filled];
    expect(outcomeOf(RECORD, events, place)).toMatchObject({
      trades: [],
      final: { kind: 'armed' },
    });
  });

  it('is never that it was triggered', () => {
    expect(outcomeOf(RECORD, [triggered(2, 7)], place)).toBeNull();
  });

  it('is whole when it was cut over two records', () => {
    const events = [trade, { ...trade, sequence: 3 }, filled];
    expect(outcomeOf(RECORD, events, place)?.trades).toHaveLength(2);
  });
});

describe('the outcome of an amend', () => {
  it('is not the end of the order that came before it', () => {
    expect(outcomeOf(RECORD, [filled], amend)).toBeNull();
    expect(outcomeOf(RECORD, [filled, refused], amend)).toMatchObject({ final: refused });
  });

  it('is the amend itself when it kept its place', () => {
    const events = [amended(true), filled];
    expect(outcomeOf(RECORD, events, amend)).toMatchObject({ final: { kind: 'amended' } });
  });

  it('is what the matching made of it when it lost its place', () => {
    const events = [opened, amended(false), { ...trade, sequence: 5 }, { ...opened, sequence: 6 }];
    expect(outcomeOf(RECORD, events, amend)).toMatchObject({
      amended: { sequence: 4 },
      trades: [{ sequence: 5 }],
      final: { kind: 'opened', sequence: 6 },
    });
    expect(outcomeOf(RECORD, events.slice(0, 3), amend)).toBeNull();
  });
});

describe('the outcome of a cancel', () => {
  it('is the end of the order, or the refusal of the cancel', () => {
    expect(outcomeOf(RECORD, [opened, filled], cancel)).toMatchObject({ final: filled });
    expect(outcomeOf(RECORD, [refused], cancel)).toMatchObject({ final: refused });
    expect(outcomeOf(RECORD, [opened], cancel)).toBeNull();
    expect(outcomeOf(RECORD, [armed(1, 7), triggered(2, 7)], cancel)).toBeNull();
  });
});
