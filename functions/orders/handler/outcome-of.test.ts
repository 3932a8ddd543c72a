// What a waiter hears of its command, and what it must not take for it.
import { describe, expect, it } from 'vitest';
import { orderId, tradeId, userId } from '../../../shared/domain/ids.ts';
import type { ExecutionEvent, Executions, TradeEvent } from '../../../shared/events/executions.ts';
import { armed, triggered } from '../outcome-fixture.ts';
import { concerns, outcomeOf } from './outcome-of.ts';

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

const NAMES = { orderId: OWN.orderId, replacesId: null };
const place = { kind: 'place' as const, commandNumber: 7, ...NAMES };
const amend = { kind: 'amend' as const, commandNumber: 8, ...NAMES };
const cancel = { kind: 'cancel' as const, commandNumber: 8, ...NAMES };

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

describe('the outcome of replacing', () => {
  const OLD = orderId(5);
  const replace = { ...place, replacesId: OLD };
  const replaced = (sequence: number): ExecutionEvent => {
    const end = { status: 'cancelled', reason: 'ORDER_REPLACED', cancelledLots: 3 } as const;
    return { ...filled, orderId: OLD, sequence, ...end };
  };

  it('concerns the end of the order that is replaced, and nothing else of it', () => {
    expect(concerns(replaced(1), replace)).toBe(true);
    expect(concerns(replaced(1), place)).toBe(false);
    const others: ExecutionEvent[] = [
      { ...filled, orderId: OLD },
      { ...opened, orderId: OLD },
    ];
    for (const event of others) expect(concerns(event, replace)).toBe(false);
  });

  it('tells both: what was cancelled and what came in its place', () => {
    const outcome = outcomeOf(RECORD, [replaced(1), trade, opened], replace);
    expect(outcome).toMatchObject({
      replaced: { sequence: 1, cancelledLots: 3 },
      trades: [{ sequence: 2 }],
      final: { kind: 'opened' },
    });
  });

  it('is told as a failure to cancel when the new order stands alone', () => {
    expect(outcomeOf(RECORD, [opened], replace)).toMatchObject({ replaced: null });
    expect(outcomeOf(RECORD, [replaced(1)], replace)).toBeNull();
  });

  it('does not take for its own what another replacement has cancelled', () => {
    expect(outcomeOf(RECORD, [replaced(1), opened], replace)).toMatchObject({ replaced: null });
  });
});

describe('events that name no order, or two', () => {
  const head = { ...HEAD, sequence: 1, userId: OWN.userId };
  const switches: ExecutionEvent[] = [
    { ...head, kind: 'deadman_set', commandNumber: 7, deadlineMs: 5 },
    { ...head, kind: 'deadman_fired', deadlineMs: 5 },
    { ...head, kind: 'user_blocked', commandNumber: 7, isBlocked: true },
  ];

  it.each(switches)('concern no order: $kind', (event) => {
    expect(concerns(event, place)).toBe(false);
  });

  it('are part of an outcome as a prevented match is, and never the last word', () => {
    const side = { ...OWN, lots: 0 };
    const prevented: ExecutionEvent = {
      ...HEAD,
      kind: 'prevented',
      sequence: 2,
      priceTicks: 5,
      mode: 'cancel_maker',
      takerSide: 'buy',
      taker: side,
      maker: { ...side, orderId: orderId(6), lots: 4 },
    };
    expect(concerns(prevented, place)).toBe(true);
    expect(concerns({ ...prevented, taker: prevented.maker }, place)).toBe(false);
    expect(outcomeOf(RECORD, [prevented], place)).toBeNull();
    expect(outcomeOf(RECORD, [prevented, opened], place)).toMatchObject({ final: opened });
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
