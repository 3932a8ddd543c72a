// How orders wait and what becomes of them then, computed by hand from docs/engine.md.
import { beforeEach, describe, expect, test } from 'vitest';
import type { NaiveBook } from './naive-book.ts';
import { Example, kinds, MARKET_ORDER, profit, stop, triggered } from './naive-example.ts';
import type { Execution } from './naive-events.ts';
import type { Place } from './naive-types.ts';

let example: Example;
let book: NaiveBook;

beforeEach(() => {
  // Commands 2 and 3 trade one lot at 100, as sequences 2 to 5.
  example = new Example();
  book = example.book;
  tradeAt(100);
});

const place = (changes: Partial<Place>): readonly Execution[] => example.place(changes);
const tradeAt = (priceTicks: number): readonly Execution[] => example.tradeAt(priceTicks);
const rest: Example['rest'] = (...terms) => {
  example.rest(...terms);
};

describe('an order that waits', () => {
  const leaving = { status: 'cancelled', reason: 'ORDER_CANCELLED_BY_USER' };
  const whole = { cancelledLots: 5, releaseMinor: '1503' };
  const cancel = (userNumber: number): readonly Execution[] =>
    example.send({ kind: 'cancel', userNumber, orderNumber: 4 });

  test('is cancelled by its owner alone, in any status, and gives back its whole hold', () => {
    place({ trigger: stop(101) });
    example.configure({ version: 2 }, 'halted');
    expect(cancel(2)).toMatchObject([{ kind: 'refused', reason: 'ORDER_NOT_FOUND' }]);
    expect(cancel(1)).toMatchObject([{ kind: 'ended', ...leaving, ...whole }]);
    expect(cancel(1)).toMatchObject([{ kind: 'refused', reason: 'ORDER_NOT_FOUND' }]);
  });

  test('leaves by cancel_all among those that rest, in rising number', () => {
    place({ priceTicks: 90 });
    place({ trigger: stop(101), holdMinor: '3000' });
    place({ priceTicks: 91 });
    place({ userNumber: 2, trigger: stop(101) });
    const events = example.send({ kind: 'cancel_all', userNumber: 1 });
    const ids = events.map((e) => (e.kind === 'ended' ? Number(e.orderId.slice(4)) : 0));
    expect(ids).toEqual([4, 5, 6]);
    expect(events[1]).toMatchObject({ ...leaving, cancelledLots: 5, releaseMinor: '3000' });
    expect(book.waiting.map(({ order }) => order.user)).toEqual([2]);
    expect(kinds(example.send({ kind: 'cancel_all', userNumber: 2 }))).toEqual([
      'ended cancelled ORDER_CANCELLED_BY_USER',
    ]);
  });

  test('expires among those that rest, before the command could reach it', () => {
    const gtd = { timeInForce: 'GTD', priceTicks: 90 } as const;
    place({ ...gtd, expiresAtMs: 9, trigger: stop(101) });
    place({ ...gtd, expiresAtMs: 8 });
    place({ ...gtd, expiresAtMs: 8, trigger: stop(101) });
    place({ ...gtd, expiresAtMs: 9 });
    rest('sell', 101);
    const buy = { userNumber: 9, priceTicks: 101, quantityLots: 1, timeMs: 9 };
    const events = place(buy);
    const ids = events
      .slice(0, 4)
      .map((e) => (e.kind === 'ended' && e.status === 'expired' ? Number(e.orderId.slice(4)) : 0));
    expect(ids).toEqual([5, 6, 4, 7]);
    expect(events[1]).toMatchObject({ reason: 'ORDER_EXPIRED', ...whole });
    expect(triggered(events)).toEqual([]);
  });

  test('keeps its time when it rests', () => {
    place({ timeInForce: 'GTD', priceTicks: 90, expiresAtMs: 9, trigger: stop(101) });
    tradeAt(101);
    expect(book.find(4)?.number).toBe(4);
    expect(kinds(book.apply({ kind: 'tick', timeMs: 9 }))).toEqual(['ended expired ORDER_EXPIRED']);
  });

  test('cannot be amended, and this is said before the status of the market is', () => {
    place({ trigger: stop(101) });
    example.configure({ version: 2 }, 'halted');
    const amend = { orderNumber: 4, holdIncreaseMinor: '17' };
    const refused = { kind: 'refused', releaseMinor: '17' };
    expect(example.amend({ ...amend, userNumber: 2 })).toMatchObject([
      { ...refused, reason: 'ORDER_NOT_FOUND' },
    ]);
    expect(example.amend({ ...amend, userNumber: 1 })).toMatchObject([
      { ...refused, reason: 'ORDER_AMEND_NOT_ALLOWED' },
    ]);
  });

  test('forbids what resting orders forbid to a configuration, and nothing else', () => {
    place({ trigger: stop(101) });
    expect(example.configure({ version: 2, feePolicy: 'received' })).toEqual([]);
    expect(kinds(example.configure({ version: 2, maxQuantity: '0.4' }))).toEqual(['configured']);
    expect(book.waiting.length).toBe(1);
    cancel(1);
    expect(kinds(example.configure({ version: 3, feePolicy: 'received' }))).toEqual(['configured']);
  });

  test('is in the state behind those that rest, by number, with the price it waits for', () => {
    const byAmount = { ...MARKET_ORDER, quoteBudgetMinor: '700', holdMinor: '702' };
    place({ number: 9, ...byAmount, trigger: profit(98) });
    const gtd = { timeInForce: 'GTD', expiresAtMs: 70, postOnly: true } as const;
    place({ number: 7, ...gtd, side: 'sell', holdMinor: '50', trigger: stop(97) });
    place({ number: 8, priceTicks: 90 });
    expect(book.stateText().split('\n').slice(4)).toEqual([
      'highest 9',
      'last 100 5',
      '8 1 b 90 5 5 GTC 0 cancel_taker 0 1000 2000',
      'waiting 7 1 s 100 5 5 GTD 1 cancel_taker 70 1000 2000 limit 50 - stop_loss 97',
      'waiting 9 1 b 100 5 5 IOC 0 cancel_taker 0 1000 2000 market 702 700 take_profit 98',
      '',
    ]);
  });
});

describe('a triggered order is placed as if it came now', () => {
  /** What becomes of an order that a trade at 101 triggers. */
  const becomes = (order: Partial<Place>, before: () => void = () => undefined): string[] => {
    place({ trigger: stop(101), ...order });
    before();
    const events = kinds(tradeAt(101));
    return events.slice(events.indexOf('triggered') + 1);
  };
  const market = { ...MARKET_ORDER, priceTicks: 500 };

  test('and meets the limits that its market has by then', () => {
    place({ trigger: stop(101) });
    example.configure({ version: 2, maxQuantity: '0.4' });
    expect(tradeAt(101).at(-1)).toMatchObject({
      kind: 'ended',
      status: 'rejected',
      reason: 'ORDER_QUANTITY_TOO_LARGE',
      cancelledLots: 5,
      releaseMinor: '1503',
    });
  });

  test('but is compared with no trigger price again', () => {
    place({ priceTicks: 70, trigger: profit(99) });
    // 99 is out of the band of 50 to 90 by now, and the trade at 80 has reached it.
    example.configure({ version: 2, minPrice: '15', maxPrice: '27' });
    expect(kinds(tradeAt(80)).slice(-2)).toEqual(['triggered', 'opened']);
  });

  test('and finds the book as the trades before it have left it', () => {
    expect(becomes(market)).toEqual(['ended expired ORDER_LIQUIDITY_NONE']);
  });

  test.each([
    [{ postOnly: true, priceTicks: 105 }, ['ended rejected ORDER_POST_ONLY_WOULD_TAKE']],
    [{ timeInForce: 'FOK', priceTicks: 105 }, ['ended expired ORDER_FOK_NOT_FILLABLE']],
    [
      { timeInForce: 'IOC', priceTicks: 105 },
      ['trade', 'ended filled ', 'ended expired ORDER_IOC_REMAINDER'],
    ],
    [{ priceTicks: 105 }, ['trade', 'ended filled ', 'opened']],
    [{ priceTicks: 104 }, ['opened']],
  ] as const)('with one lot for sale at 105: %j', (order, expected) => {
    expect(becomes(order, () => rest('sell', 105))).toEqual(expected);
  });

  test('and a market order is protected from the best price of this moment', () => {
    const sells = (): void => {
      rest('sell', 105);
      rest('sell', 115);
      rest('sell', 116);
    };
    // 10 % above 105 is 115.5, so 115 is in reach and 116 is not.
    expect(becomes(market, sells)).toEqual([
      'trade',
      'ended filled ',
      'trade',
      'ended filled ',
      'ended expired ORDER_PRICE_PROTECTED',
    ]);
  });

  test('and one sized by quote spends what its hold has kept', () => {
    place({ ...market, quoteBudgetMinor: '400', holdMinor: '402', trigger: stop(101) });
    rest('sell', 105, 3);
    const events = tradeAt(101);
    // One lot costs 315, its fee is 0.63 up to 1: 402 - 315 - 1 = 86 come back.
    expect(events.at(-2)).toMatchObject({ kind: 'trade', taker: { holdMinor: '316' } });
    expect(events.at(-1)).toMatchObject({
      status: 'filled',
      reason: 'ORDER_QUOTE_AMOUNT_REACHED',
      releaseMinor: '86',
    });
  });

  test('and prevents trades with its owner by its own mode', () => {
    place({ userNumber: 8, trigger: stop(101), priceTicks: 105 });
    rest('sell', 105);
    expect(kinds(tradeAt(101)).at(-1)).toBe('ended cancelled ORDER_SELF_TRADE_PREVENTED');
    expect(book.sells.length).toBe(1);
  });
});

describe('where the page can be read in two ways, the oracle reads', () => {
  test('a market order with the words of a limit order as IOC while it waits, too', () => {
    const words = { type: 'market', timeInForce: 'GTD', expiresAtMs: 9, postOnly: true } as const;
    place({ ...words, trigger: stop(101) });
    expect(book.apply({ kind: 'tick', timeMs: 9 })).toEqual([]);
    expect(book.stateText()).toContain('waiting 4 1 b 100 5 5 IOC 0 cancel_taker 0 1000 2000');
  });

  test('the budget of a limit order as none', () => {
    place({ quoteBudgetMinor: '5', trigger: stop(101) });
    expect(book.stateText()).toContain('2000 limit 1503 - stop_loss 101\n');
  });

  test('the last price as the same number of ticks after the tick size changed', () => {
    expect(kinds(example.configure({ version: 2, tickSize: '0.1', lotSize: '0.1' }))).toEqual([
      'configured',
    ]);
    expect(book.lastTicks).toBe(100);
  });
});
