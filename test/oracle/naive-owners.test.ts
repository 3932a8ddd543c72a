// Orders of one owner that meet: what `prevented` says of it, and who counts as one owner. Computed
// by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import type { Execution } from './naive-events.ts';
import { endsOf, Example, kinds, MARKET_ORDER } from './naive-example.ts';
import type { Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  example = new Example();
  book = example.book;
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const PREVENTED = 'ORDER_SELF_TRADE_PREVENTED';

describe('orders of one trade group', () => {
  const rest = (more: Partial<Place>): readonly Execution[] =>
    place({ userNumber: 2, side: 'sell', quantityLots: 2, holdMinor: '20', ...more });

  test.each<[string, Partial<Place>, Partial<Place>, boolean]>([
    ['of two users in one group', { tradeGroup: 7 }, { tradeGroup: 7 }, true],
    ['of two users in two groups', { tradeGroup: 7 }, { tradeGroup: 8 }, false],
    ['of two users, one in a group', { tradeGroup: 7 }, {}, false],
    ['of two users, the other in a group', {}, { tradeGroup: 7 }, false],
    ['of two users without a group', {}, {}, false],
    ['of one user in two groups', { userNumber: 1, tradeGroup: 7 }, { tradeGroup: 8 }, true],
    ['of one user, one in a group', { userNumber: 1, tradeGroup: 7 }, {}, true],
  ])('%s', (_name, maker, taker, isOwn) => {
    rest(maker);
    expect(kinds(place({ ...taker }))[0]).toBe(isOwn ? 'prevented' : 'trade');
  });

  test('trade with each other if the taker says none', () => {
    rest({ tradeGroup: 7 });
    const events = place({ tradeGroup: 7, selfTradePrevention: 'none' });
    expect(kinds(events)).toEqual(['trade', 'ended filled ', 'opened']);
  });

  test('end and are reduced as those of one user, each for its own user', () => {
    rest({ tradeGroup: 7 });
    const events = place({ tradeGroup: 7, selfTradePrevention: 'decrement' });
    expect(events).toMatchObject([
      { kind: 'prevented', maker: { userId: 'usr_0000000000000002', lots: 2 }, taker: { lots: 2 } },
      { kind: 'reduced', userId: 'usr_0000000000000002', remainingLots: 0, releaseMinor: '20' },
      { kind: 'reduced', userId: 'usr_0000000000000001', remainingLots: 3 },
      { kind: 'ended', userId: 'usr_0000000000000002', reason: PREVENTED },
      { kind: 'opened', userId: 'usr_0000000000000001' },
    ]);
  });

  test('make a fill-or-kill order not fillable, as those of one user do', () => {
    rest({ tradeGroup: 7 });
    rest({ userNumber: 3 });
    const fok = { timeInForce: 'FOK', quantityLots: 2, tradeGroup: 7 } as const;
    expect(kinds(place(fok))).toEqual(['ended expired ORDER_FOK_NOT_FILLABLE']);
    const events = place({ ...fok, selfTradePrevention: 'cancel_maker' });
    expect(kinds(events)).toEqual([
      ...['prevented', `ended cancelled ${PREVENTED}`, 'trade', 'ended filled ', 'ended filled '],
    ]);
  });

  test('are cancelled and amended by their own user alone', () => {
    rest({ tradeGroup: 7 });
    const refused = [{ kind: 'refused', reason: 'ORDER_NOT_FOUND' }];
    place({ tradeGroup: 7, priceTicks: 90 });
    const cancel = { kind: 'cancel', userNumber: 1, orderNumber: 2 } as const;
    expect(example.send(cancel)).toMatchObject(refused);
    expect(example.amend({ userNumber: 1, quantityLots: 1 })).toMatchObject(refused);
    expect(endsOf(example.send({ kind: 'cancel_all', userNumber: 1 }))).toEqual([
      '3 ORDER_CANCELLED_BY_USER',
    ]);
    expect(book.sells.length).toBe(1);
  });

  test('are told apart in the state', () => {
    rest({ tradeGroup: 7 });
    expect(book.stateText()).toContain(' cancel_taker 0 1000 2000 group 7\n');
  });
});

describe('what was prevented', () => {
  test('is told before what comes of it, with both orders', () => {
    place({ userNumber: 1, side: 'sell', priceTicks: 99, quantityLots: 2, holdMinor: '20' });
    expect(place({ selfTradePrevention: 'cancel_both' })).toEqual([
      {
        kind: 'prevented',
        sequence: 3,
        timeMs: 5,
        priceTicks: 99,
        mode: 'cancel_both',
        takerSide: 'buy',
        taker: { orderId: 'ord_0000000000000003', userId: 'usr_0000000000000001', lots: 5 },
        maker: { orderId: 'ord_0000000000000002', userId: 'usr_0000000000000001', lots: 2 },
      },
      {
        kind: 'ended',
        sequence: 4,
        timeMs: 5,
        orderId: 'ord_0000000000000002',
        userId: 'usr_0000000000000001',
        status: 'cancelled',
        reason: PREVENTED,
        cancelledLots: 2,
        releaseMinor: '20',
      },
      {
        kind: 'ended',
        sequence: 5,
        timeMs: 5,
        orderId: 'ord_0000000000000003',
        userId: 'usr_0000000000000001',
        status: 'cancelled',
        reason: PREVENTED,
        cancelledLots: 5,
        releaseMinor: '1503',
      },
    ]);
  });

  test('is what is left of the taker after its trades', () => {
    place({ userNumber: 2, side: 'sell', quantityLots: 2, holdMinor: '20' });
    place({ userNumber: 1, side: 'sell', quantityLots: 2, holdMinor: '20' });
    const events = place({});
    expect(kinds(events)).toEqual([
      ...['trade', 'ended filled ', 'prevented', `ended cancelled ${PREVENTED}`],
    ]);
    expect(events[2]).toMatchObject({ taker: { lots: 3 }, maker: { lots: 0 } });
  });

  test('of an order sized by quote is counted in lots, as they remain', () => {
    place({ userNumber: 1, side: 'sell', quantityLots: 2, holdMinor: '20' });
    const byAmount = { ...MARKET_ORDER, quoteBudgetMinor: '700', holdMinor: '702' };
    expect(place({ ...byAmount, quantityLots: 90 })).toMatchObject([
      { kind: 'prevented', mode: 'cancel_taker', taker: { lots: 90 }, maker: { lots: 0 } },
      { kind: 'ended', cancelledLots: 90, releaseMinor: '702' },
    ]);
  });

  test('by an amend names the amended order as the taker, with its own mode', () => {
    place({ userNumber: 1, side: 'sell', priceTicks: 101, quantityLots: 2, holdMinor: '20' });
    place({ selfTradePrevention: 'cancel_maker' });
    const events = example.amend({
      userNumber: 1,
      orderNumber: 3,
      priceTicks: 101,
      quantityLots: 5,
      holdIncreaseMinor: '16',
    });
    expect(kinds(events)).toEqual([
      ...['amended', 'prevented', `ended cancelled ${PREVENTED}`, 'opened'],
    ]);
    expect(events[1]).toMatchObject({ mode: 'cancel_maker', taker: { lots: 0 } });
  });
});
