// What belongs together in a batch: all or none, one order in the place of another, a wish for
// every market. And who may not place at all.
import { describe, expect, it } from 'vitest';
import { isRejection } from '../../../shared/domain/rejection.ts';
import type { PlaceOrderBody } from '../schema.ts';
import { CONFIG, termsWith } from '../terms-fixture.ts';
import type { AcceptContext } from './accept-context.ts';
import { BatchDecision } from './batch.ts';
import type { Decision } from './draft.ts';
import type { CancelAllAfterIntent, CancelAllIntent, Intent, PlaceIntent } from './intent.ts';
import type { LockedOrder } from './order-row.ts';
import type { MarketTerms } from './size.ts';
import { expandWide, termsKey, type ListedMarket } from './touched.ts';
import { DEADMAN_MARKETS_MAX } from './wide.ts';

const NOW_MS = 1_700_000_000_000;
const BTC = 'BTC-USD';
const ETH = 'ETH-USD';
/** What an order of `buy` locks: 0.01 at 30,000. */
const HOLD_MINOR = 300_000_000n;
const LISTED: readonly ListedMarket[] = [
  { market: BTC, takesOrders: true },
  { market: ETH, takesOrders: true },
  { market: 'OLD-USD', takesOrders: false },
];

function termsOf(market: string, change: Partial<MarketTerms> = {}): MarketTerms {
  const [base = ''] = market.split('-');
  const name = market as MarketTerms['config']['market'];
  return termsWith({ config: { ...CONFIG, market: name, base }, ...change });
}

function contextOf(change: Partial<AcceptContext> = {}): AcceptContext {
  const numbers = Array.from({ length: 500 }, (_, at) => at + 11);
  return { nowMs: NOW_MS, numbers, openCounts: [], keys: [], ...change };
}

function buy(market = BTC, change: Partial<PlaceOrderBody> = {}, more = {}): PlaceIntent {
  const body = { side: 'buy', type: 'limit', price: '30000', quantity: '0.01' } as const;
  return {
    kind: 'place',
    userNumber: 1,
    body: { market, ...body, ...change },
    keys: [],
    requestHash: 'aa',
    ...more,
  };
}

interface World {
  readonly context?: AcceptContext;
  readonly terms?: readonly MarketTerms[];
  readonly orders?: readonly LockedOrder[];
  readonly available?: bigint;
  readonly listed?: readonly ListedMarket[];
  readonly allOrNone?: readonly [number, number][];
  readonly openOrdersMax?: number;
}

function decide(intents: readonly Intent[], world: World = {}) {
  const context = world.context ?? contextOf();
  const markets = world.terms ?? [termsOf(BTC), termsOf(ETH)];
  const terms = new Map(markets.map((each) => [termsKey(1, each.config.market), each]));
  const orders = new Map((world.orders ?? []).map((order) => [order.orderNumber, order]));
  const batch = new BatchDecision(context, terms, orders, world.openOrdersMax ?? 100);
  batch.sizeAll(intents);
  const open = context.openCounts.filter(({ openOrders }) => openOrders > 0);
  const plan = {
    wide: expandWide(intents, world.listed ?? LISTED, open),
    allOrNone: new Map(world.allOrNone ?? []),
  };
  const draft = batch.decideAll(intents, () => world.available ?? 10n ** 15n, plan);
  return { ...draft, words: draft.decisions.map(wordOf) };
}

function wordOf(decision: Decision): string {
  return isRejection(decision) ? decision.code : decision.kind;
}

function numbersIn(draft: ReturnType<typeof decide>, market: string): number[] {
  return (draft.commands.get(market)?.commands ?? []).map(({ number }) => number);
}

describe('orders of which all are taken, or none', () => {
  const TOO_SMALL = buy(BTC, { quantity: '0' });

  it('are all refused when one is, and only that one is to blame', () => {
    const draft = decide([buy(), TOO_SMALL, buy(ETH)], { allOrNone: [[0, 3]] });
    expect(draft.words).toEqual([
      'ORDER_BATCH_REFUSED',
      'ORDER_QUANTITY_TOO_SMALL',
      'ORDER_BATCH_REFUSED',
    ]);
    expect([draft.placed, [...draft.commands]]).toEqual([[], []]);
  });

  it('give back funds, open orders and names to those who come after them', () => {
    const keys = [{ kind: 'client', key: 'mine' }] as const;
    const intents = [buy(BTC, {}, { keys }), buy(), TOO_SMALL, buy(BTC, {}, { keys }), buy()];
    const world = { available: 2n * HOLD_MINOR, openOrdersMax: 2 };
    const draft = decide(intents, { ...world, allOrNone: [[0, 3]] });
    expect(draft.words.slice(3)).toEqual(['placed', 'placed']);
    expect(numbersIn(draft, BTC)).toEqual([14, 15]);
  });

  it('leave alone what was placed before them', () => {
    const draft = decide([buy(), buy(), TOO_SMALL], { allOrNone: [[1, 3]] });
    expect(draft.words).toEqual(['placed', 'ORDER_BATCH_REFUSED', 'ORDER_QUANTITY_TOO_SMALL']);
    expect(numbersIn(draft, BTC)).toEqual([11]);
  });

  it('need funds for all of them', () => {
    const two = { available: 2n * HOLD_MINOR - 1n, allOrNone: [[0, 2]] as [number, number][] };
    expect(decide([buy(), buy()], two).words).toEqual([
      'ORDER_BATCH_REFUSED',
      'ORDER_FUNDS_INSUFFICIENT',
    ]);
    const enough = { ...two, available: 2n * HOLD_MINOR };
    expect(decide([buy(), buy()], enough).words).toEqual(['placed', 'placed']);
  });

  it('stand together in the log of their market', () => {
    const draft = decide([buy(), buy(ETH), buy(), buy()], { allOrNone: [[1, 4]] });
    expect(numbersIn(draft, BTC)).toEqual([11, 13, 14]);
    expect(numbersIn(draft, ETH)).toEqual([12]);
  });
});

describe('an order in the place of another', () => {
  const replaces = { orderNumber: 5, onFailure: 'stop', onlyIf: null } as const;
  const resting = (change: Partial<LockedOrder> = {}) =>
    ({
      orderNumber: 5,
      userNumber: 1,
      market: BTC,
      status: 'open',
      unpublishedId: 77,
      ...change,
    }) as LockedOrder;
  const replace = (change: Partial<LockedOrder>, how: object = {}, market = BTC) =>
    decide([buy(market, {}, { replaces: { ...replaces, ...how } })], { orders: [resting(change)] });

  it.each<[string, ReturnType<typeof replace>, string]>([
    ['that is not there', replace({ orderNumber: 6 }), 'ORDER_NOT_FOUND'],
    ["that is another's", replace({ userNumber: 2 }), 'ORDER_NOT_FOUND'],
    [
      "that is another's, though it is to go on",
      replace({ userNumber: 2 }, { onFailure: 'proceed' }),
      'ORDER_NOT_FOUND',
    ],
    ['of another market', replace({}, {}, ETH), 'ORDER_REPLACE_MARKET_DIFFERS'],
    ['that has ended', replace({ status: 'filled' }), 'ORDER_REPLACE_CANCEL_FAILED'],
  ])('%s is refused, with nothing done', (_name, draft, code) => {
    expect(draft.words).toEqual([code]);
    expect(draft.commands.size + draft.changedOutboxIds.size).toBe(0);
  });

  it('is one command, behind that of the other', () => {
    const draft = replace({});
    expect(draft.commands.get(BTC)?.commands).toMatchObject([
      { kind: 'place', number: 11, replaces: { orderNumber: 5, onFailure: 'stop' } },
    ]);
    expect(draft.commands.get(BTC)?.commands[0]).not.toHaveProperty('replaces.onlyIf');
    expect([...draft.changedOutboxIds]).toEqual([77]);
  });

  it('is placed beside one that has ended, if that was asked for', () => {
    const draft = replace({ status: 'filled' }, { onFailure: 'proceed', onlyIf: 'new' });
    expect(draft.commands.get(BTC)?.commands).toMatchObject([
      { replaces: { orderNumber: 5, onFailure: 'proceed', onlyIf: 'new' } },
    ]);
  });

  it('holds beside the other: the funds of both are needed', () => {
    const intent = buy(BTC, {}, { replaces });
    const poor = { orders: [resting()], available: HOLD_MINOR - 1n };
    expect(decide([intent], poor).words).toEqual(['ORDER_FUNDS_INSUFFICIENT']);
  });
});

describe('a cancel of everything', () => {
  const all = (market: string | null = null): CancelAllIntent => {
    return { kind: 'cancel_all', userNumber: 1, market, side: null };
  };
  const openIn = (...markets: string[]) =>
    contextOf({
      openCounts: markets.map((market) => ({ userNumber: 1, market, openOrders: 1 })),
    });

  it('is a command in each market where something is open, with a number of its own', () => {
    const draft = decide([buy(), all(), buy()], { context: openIn(ETH) });
    expect(draft.decisions[1]).toEqual({ kind: 'cancelling_all', markets: [BTC, ETH] });
    expect(numbersIn(draft, BTC)).toEqual([11, 12, 14]);
    expect(numbersIn(draft, ETH)).toEqual([13]);
    expect(draft.cancelledAll).toHaveLength(2);
  });

  it('is nothing where nothing is open, unless the market is named', () => {
    expect(decide([all()]).decisions).toEqual([{ kind: 'cancelling_all', markets: [] }]);
    expect(decide([all(BTC)]).decisions).toEqual([{ kind: 'cancelling_all', markets: [BTC] }]);
  });

  it("is nobody else's, and not of orders that were refused or come later", () => {
    const others = { ...buy(), userNumber: 2 };
    const draft = decide([others, buy(BTC, { quantity: '0' }), all(), buy()]);
    expect(draft.decisions[2]).toEqual({ kind: 'cancelling_all', markets: [] });
  });

  it('waits as a whole while one of its markets moves', () => {
    const terms = [termsOf(BTC), termsOf(ETH, { isMoving: true })];
    const draft = decide([all()], { context: openIn(BTC, ETH), terms });
    expect(draft.words).toEqual(['MARKET_MOVING']);
    expect(draft.commands.size + draft.cancelledAll.length).toBe(0);
  });

  it('names a market that is there', () => {
    expect(decide([all('XXX-USD')]).words).toEqual(['MARKET_NOT_FOUND']);
  });
});

describe('a dead-man deadline', () => {
  const after = (seconds: number, market: string | null = null): CancelAllAfterIntent => {
    return { kind: 'cancel_all_after', userNumber: 1, market, seconds };
  };

  it('is set wherever orders are taken or open, by the clock of the database', () => {
    const draft = decide([after(60)]);
    const deadlineMs = NOW_MS + 60_000;
    expect(draft.decisions).toEqual([{ kind: 'deadline_set', markets: [BTC, ETH], deadlineMs }]);
    expect(draft.commands.get(ETH)?.commands).toEqual([
      { kind: 'cancel_all_after', number: 12, timeMs: NOW_MS, userNumber: 1, deadlineMs },
    ]);
    expect(draft.deadlines).toHaveLength(2);
    const inOld = contextOf({ openCounts: [{ userNumber: 1, market: 'OLD-USD', openOrders: 1 }] });
    const withOld = decide([after(60)], { context: inOld, terms: [termsOf('OLD-USD')] });
    expect(withOld.decisions).toMatchObject([{ markets: ['OLD-USD'] }]);
  });

  it('is taken away everywhere, whatever is taken there now', () => {
    const terms = [termsOf(BTC), termsOf(ETH), termsOf('OLD-USD')];
    const markets = [BTC, ETH, 'OLD-USD'];
    const draft = decide([after(0)], { terms });
    expect(draft.decisions).toEqual([{ kind: 'deadline_set', markets, deadlineMs: null }]);
  });

  it('goes out behind the one before it', () => {
    const deadlines = [
      { userNumber: 1, market: BTC, unpublishedId: 77 },
      { userNumber: 1, market: ETH, unpublishedId: null },
      { userNumber: 2, market: BTC, unpublishedId: 88 },
    ];
    const draft = decide([after(0)], { context: contextOf({ deadlines }) });
    expect([...draft.changedOutboxIds]).toEqual([77]);
  });

  it('is refused as a whole in more markets than it may be in, and while one moves', () => {
    const many = Array.from({ length: DEADMAN_MARKETS_MAX + 1 }, (_, at) => `M${at}-USD`);
    const listed = many.map((market) => ({ market, takesOrders: true }));
    const terms = many.map((market) => termsOf(market));
    const draft = decide([after(60)], { listed, terms });
    expect(draft.words).toEqual(['DEADMAN_MARKETS_TOO_MANY']);
    expect(draft.commands.size).toBe(0);
    const fewer = { listed: listed.slice(1), terms };
    expect(decide([after(60)], fewer).words).toEqual(['deadline_set']);
    const moving = [termsOf(BTC), termsOf(ETH, { isMoving: true })];
    expect(decide([after(60)], { terms: moving }).words).toEqual(['MARKET_MOVING']);
  });
});

describe('a user', () => {
  it('who is blocked places nothing, but is answered repeats and cancels', () => {
    const known = { kind: 'client', key: 'mine' } as const;
    const keys = [{ ...known, userNumber: 1, requestHash: 'aa', orderNumber: 4 }];
    const context = contextOf({ blockedUsers: [1], keys });
    const cancel = { kind: 'cancel', userNumber: 1, orderNumber: 5, onlyIf: null } as const;
    const amend = { kind: 'amend', userNumber: 1, orderNumber: 5, body: { price: '1' } } as const;
    const order = { orderNumber: 5, userNumber: 1, market: BTC, status: 'open' } as LockedOrder;
    const orders = [{ ...order, unpublishedId: null }];
    const intents = [buy(), buy(BTC, {}, { keys: [known] }), cancel, amend];
    expect(decide(intents, { context, orders }).words).toEqual([
      'ACCOUNT_BLOCKED',
      'replayed',
      'changing',
      'ACCOUNT_BLOCKED',
    ]);
  });

  it('who is in a trade group says so in every order, and no other does', () => {
    const context = contextOf({ tradeGroups: [{ userNumber: 1, tradeGroup: 3 }] });
    const [grouped] = decide([buy()], { context }).commands.get(BTC)?.commands ?? [];
    expect(grouped).toMatchObject({ tradeGroup: 3 });
    const [single] = decide([buy()]).commands.get(BTC)?.commands ?? [];
    expect(single).not.toHaveProperty('tradeGroup');
  });
});
