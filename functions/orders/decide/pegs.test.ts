// Pegged orders: which are refused, what the others hold, how their price is told, and when they
// can be amended.
import { describe, expect, it } from 'vitest';
import { orderId, userId } from '../../../shared/domain/ids.ts';
import { PEG_OFFSET_MAX } from '../../../shared/domain/order.ts';
import { isRejection } from '../../../shared/domain/rejection.ts';
import type {
  AmendedEvent,
  ExecutionEvent,
  PeggedEvent,
} from '../../../shared/events/executions.ts';
import { record } from '../fixture.ts';
import { outcomeOf } from '../handler/outcome-of.ts';
import { presentOutcome } from '../handler/present-outcome.ts';
import { presentAccepted, presentOrder } from '../handler/present.ts';
import { armed, ended, opened, triggered } from '../outcome-fixture.ts';
import { placeOrderBody, type PlaceOrderBody } from '../schema.ts';
import { termsWith } from '../terms-fixture.ts';
import { decideAmend } from './change.ts';
import { acceptedRow, decidePlace, placeCommand } from './place.ts';
import { projectExecutions } from './project.ts';
import { sizeOrder } from './size.ts';

const NOW_MS = 1_700_000_000_000;
const ORDER = 7;
const LIMIT = {
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '30000',
  quantity: '1',
} as const;
const PEGGED: PlaceOrderBody = { ...LIMIT, peg: { to: 'same', offsetLevels: 2 } };
const HEAD = { timeMs: 1, orderId: orderId(ORDER), userId: userId(1) };

function accept(body: PlaceOrderBody) {
  const sized = sizeOrder(body, termsWith(), NOW_MS);
  if (isRejection(sized)) throw new Error(sized.detail);
  const state = { openOrders: 0, openOrdersMax: 9, nowMs: NOW_MS, availableMinor: 10n ** 20n };
  const names = { userNumber: 1, orderNumber: ORDER };
  const order = decidePlace(body, sized, termsWith(), state, names);
  if (isRejection(order)) throw new Error(order.detail);
  return { command: placeCommand(order), found: acceptedRow(order) };
}

function pegged(sequence: number, priceTicks: number): PeggedEvent {
  return { kind: 'pegged', sequence, ...HEAD, priceTicks, remainingLots: 9, releaseMinor: '5' };
}

function amended(sequence: number, priceTicks: number, quantityLots: number): AmendedEvent {
  const event = { commandNumber: 70, priceTicks, quantityLots, remainingLots: 8 };
  return { kind: 'amended', sequence, ...HEAD, ...event, priorityKept: false, releaseMinor: '0' };
}

describe('a pegged order', () => {
  it.each<[string, object]>([
    ['of a market order', { type: 'market', price: undefined }],
    [
      'of one that waits for the market',
      {
        type: 'market',
        price: undefined,
        trigger: { type: 'stop_loss', price: '31000' },
      },
    ],
  ])('is refused as the peg %s', (_name, change) => {
    const body = { ...PEGGED, ...change };
    expect(sizeOrder(body, termsWith(), NOW_MS)).toMatchObject({ code: 'ORDER_PEG_NOT_ALLOWED' });
  });

  it('is refused without the worst price that it may take', () => {
    const body = { ...PEGGED, price: undefined } as unknown as PlaceOrderBody;
    expect(sizeOrder(body, termsWith(), NOW_MS)).toMatchObject({ code: 'ORDER_PRICE_REQUIRED' });
  });

  it.each<unknown>([
    {},
    { to: 'mid' },
    { to: 'same', offsetLevels: -1 },
    { to: 'same', offsetLevels: PEG_OFFSET_MAX + 1 },
    { to: 'same', offsetLevels: 1.5 },
    { to: 'same', offsetLevels: '1' },
    { to: 'same', offset: 1 },
    null,
  ])('is malformed with the peg %j', (peg) => {
    expect(placeOrderBody.safeParse({ ...LIMIT, peg }).success).toBe(false);
  });

  it('holds its worst price, and says in the log how it is pegged', () => {
    const { command } = accept(PEGGED);
    const peg = { to: 'same', offsetLevels: 2 };
    expect(command).toEqual({ ...accept(LIMIT).command, peg });
    expect(accept({ ...LIMIT, peg: { to: 'opposite' } }).command).toMatchObject({
      peg: { to: 'opposite', offsetLevels: 0 },
    });
  });

  it('shows its limit until it has taken a price, and both from then on', () => {
    const { found } = accept(PEGGED);
    const peg = { to: 'same', offsetLevels: 2, limitPrice: '30000' };
    expect(presentOrder(found)).toMatchObject({ price: '30000', peg });
    const taken = { ...found, order: { ...found.order, priceTicks: 2_950_000 } };
    expect(presentOrder(taken)).toMatchObject({ price: '29500', peg });
    // A repeat of the request is answered as the first time.
    expect(presentAccepted(taken)).toMatchObject({ price: '30000', peg });
    expect(presentOrder(accept(LIMIT).found).peg).toBeNull();
  });

  it('is told with its price to who waits for it', () => {
    const { found } = accept(PEGGED);
    const awaited = {
      kind: 'place',
      orderId: orderId(ORDER),
      commandNumber: ORDER,
      replacesId: null,
    } as const;
    const events = [pegged(1, 2_950_000), opened(2, ORDER)];
    expect(outcomeOf(record(events), events.slice(0, 1), awaited)).toBeNull();
    const outcome = outcomeOf(record(events), events, awaited);
    if (outcome === null) throw new Error('no outcome');
    expect(presentOutcome(found, outcome)).toMatchObject({ status: 'open', price: '29500' });
    const waits = [armed(1, ORDER)];
    const armedOutcome = outcomeOf(record(waits), waits, awaited);
    expect(armedOutcome).toMatchObject({ pegged: null, final: { kind: 'armed' } });
  });

  it('cannot be amended before its price is known', () => {
    const { order } = accept(PEGGED).found;
    const amend = (status: typeof order.status, body = { quantity: '0.5' }) =>
      decideAmend({ ...order, status }, body, termsWith());
    expect(amend('accepted')).toMatchObject({ code: 'ORDER_AMEND_NOT_ALLOWED' });
    expect(amend('untriggered')).toMatchObject({ code: 'ORDER_AMEND_NOT_ALLOWED' });
    expect(amend('open')).toMatchObject({ quantityLots: 5_000, priceTicks: 3_000_000 });
    const plain = accept(LIMIT).found.order;
    expect(decideAmend(plain, { quantity: '0.5' }, termsWith())).toMatchObject({
      quantityLots: 5_000,
    });
  });
});

describe('an order of a pair', () => {
  it('cannot be amended, so that the hold that it shares never grows', () => {
    const { order } = accept({ ...LIMIT, postOnly: true }).found;
    for (const status of ['accepted', 'open', 'partially_filled'] as const) {
      const amend = decideAmend({ ...order, isPair: true, status }, { price: '1' }, termsWith());
      expect(amend).toMatchObject({ code: 'ORDER_AMEND_NOT_ALLOWED' });
    }
    const ended_ = { ...order, isPair: true, status: 'filled' } as const;
    expect(decideAmend(ended_, { price: '1' }, termsWith())).toMatchObject({
      code: 'ORDER_ALREADY_DONE',
    });
  });
});

describe('the update of a pegged order', () => {
  function updateOf(events: readonly ExecutionEvent[]) {
    const { updates } = projectExecutions(events.map((event) => record([event])));
    return updates.find(({ orderNumber }) => orderNumber === ORDER);
  }

  it('has the price that it took, and leaves its quantity as it is', () => {
    expect(updateOf([pegged(3, 2_950_000)])).toMatchObject({
      lastSequence: 3,
      remainingLots: 9,
      isUntriggered: false,
      amend: { sequence: 3, priceTicks: 2_950_000, quantityLots: null },
      answeredAmends: [],
    });
  });

  it('has the price of an amend that came after it, in whatever order they are read', () => {
    const events = [pegged(3, 2_950_000), opened(4, ORDER), amended(5, 2_900_000, 8)];
    const amend = { sequence: 5, priceTicks: 2_900_000, quantityLots: 8 };
    expect(updateOf(events)).toMatchObject({ amend, answeredAmends: [70] });
    expect(updateOf([...events].reverse())).toMatchObject({ amend, answeredAmends: [70] });
  });

  it('waits as long as it has not taken its price', () => {
    const events = [armed(1, ORDER), triggered(2, ORDER), armed(3, ORDER)];
    expect(updateOf(events)).toMatchObject({ isUntriggered: true, amend: null });
    const all = [...events, triggered(4, ORDER), pegged(5, 2_950_000), ended(6, ORDER)];
    expect(updateOf(all)).toMatchObject({ isUntriggered: false, amend: { sequence: 5 } });
  });
});
