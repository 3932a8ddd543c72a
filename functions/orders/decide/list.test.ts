// Order lists that are accepted: what enters the log, what they hold, and by which names they are
// known again.
import { describe, expect, it } from 'vitest';
import { orderId } from '../../../shared/domain/ids.ts';
import { isRejection } from '../../../shared/domain/rejection.ts';
import type { ListType } from '../schema/order-lists.ts';
import { BTC, NOW_MS, PROFIT, SELL, STOP, TRAIL, WORKING } from '../list-fixture.ts';
import { decideAll, decideList, listOf, type Body } from '../list-fixture.ts';
import { CONFIG } from '../terms-fixture.ts';
import type { RequestKey } from './accept-context.ts';
import type { MarketTerms } from './size.ts';

describe('an accepted list', () => {
  it('is one command, whose numbers rise from the working order to the list', () => {
    const { draft, decision } = decideList('otoco', [WORKING, PROFIT, STOP]);
    expect(decision).toMatchObject({ kind: 'list_placed', list: { listNumber: 14 } });
    expect(draft.commands.get(BTC)?.commands).toMatchObject([
      {
        kind: 'place_list',
        number: 14,
        timeMs: NOW_MS,
        userNumber: 1,
        working: { number: 11, side: 'buy', priceTicks: 3_000_000 },
        orders: [
          { number: 12, postOnly: true, holdMinor: '100000000' },
          { number: 13, trigger: { kind: 'stop_loss' }, holdMinor: '100000000' },
        ],
      },
    ]);
    const [command = {}] = draft.commands.get(BTC)?.commands ?? [];
    expect(command).not.toHaveProperty('working.userNumber');
    expect(command).not.toHaveProperty('working.timeMs');
    expect(command).not.toHaveProperty('working.kind');
  });

  it('without a working order has none in the log either', () => {
    const { draft } = decideList('oco', [STOP, PROFIT]);
    const [command = {}] = draft.commands.get(BTC)?.commands ?? [];
    expect(command).toMatchObject({ number: 13, orders: [{ number: 11 }, { number: 12 }] });
    expect(command).not.toHaveProperty('working');
  });

  it('says of each order what it is in the list', () => {
    const roles = (type: ListType, orders: Body[]) =>
      decideList(type, orders).draft.placed.map(({ order }) => order.list);
    const listNumber = 13;
    expect(roles('oco', [PROFIT, STOP])).toEqual([
      { listNumber, isPair: true, isPending: false },
      { listNumber, isPair: true, isPending: false },
    ]);
    expect(roles('oto', [WORKING, STOP])).toEqual([
      { listNumber, isPair: false, isPending: false },
      { listNumber, isPair: false, isPending: true },
    ]);
    expect(roles('otoco', [WORKING, PROFIT, STOP]).map((each) => each?.isPair)).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('gives its orders the trade group of their owner', () => {
    const context = { tradeGroups: [{ userNumber: 1, tradeGroup: 7 }] };
    const { draft } = decideList('oto', [WORKING, STOP], { context });
    expect(draft.commands.get(BTC)?.commands).toMatchObject([
      { working: { tradeGroup: 7 }, orders: [{ tradeGroup: 7 }] },
    ]);
  });

  it('counts its orders as open, and takes its funds, for who comes after it', () => {
    const pair = listOf('oco', [PROFIT, STOP]);
    const world = { available: { BTC: 250_000_000n }, openOrdersMax: 4 };
    const codes = decideAll([pair, pair, pair], world).decisions.map((each) =>
      isRejection(each) ? each.code : each.kind,
    );
    expect(codes).toEqual(['list_placed', 'list_placed', 'ORDERS_OPEN_TOO_MANY']);
    const poor = decideAll([pair, pair, pair], { available: { BTC: 250_000_000n } });
    expect(poor.decisions[2]).toMatchObject({ code: 'ORDER_FUNDS_INSUFFICIENT' });
  });

  it('is cancelled by a cancel of everything right after it', () => {
    const all = { kind: 'cancel_all', userNumber: 1, market: null, side: null } as const;
    expect(decideAll([listOf('oco', [PROFIT, STOP]), all]).decisions[1]).toEqual({
      kind: 'cancelling_all',
      markets: [BTC],
    });
  });
});

describe('a pending order', () => {
  const hold = (orders: readonly Body[], terms: Partial<MarketTerms> = {}) =>
    decideList('oto', orders, { terms }).draft.holds[1]?.amountMinor;
  const sellFirst = { ...WORKING, side: 'sell', price: '40000' } as const;

  it('that buys at the market holds enough for where its working order is filled', () => {
    // 40,000 and five per cent, though the market is at 30,000 now.
    const buy: Body = { side: 'buy', type: 'market', quantity: '1' };
    expect(hold([sellFirst, buy])).toBe(42_000_000_000n);
    expect(hold([sellFirst, buy], { bestAskTicks: null })).toBe(42_000_000_000n);
    expect(hold([{ ...sellFirst, price: '20000' }, buy])).toBe(31_500_000_000n);
  });

  it('that trails a buy holds its worst price from there', () => {
    const trail: Body = { ...TRAIL, side: 'buy' };
    expect(hold([sellFirst, trail])).toBe(42_420_000_000n);
  });

  it('may be anything while the market collects', () => {
    const terms = { status: 'auction' } as const;
    expect(hold([WORKING, { ...SELL, type: 'market' }], terms)).toBe(100_000_000n);
    expect(hold([WORKING, { ...PROFIT, timeInForce: 'IOC', postOnly: false }], terms)).toBe(
      100_000_000n,
    );
  });

  it('is not held to the most notional of an order before its turn', () => {
    const config = { ...CONFIG, maxNotional: '30000' };
    expect(hold([WORKING, { ...SELL, type: 'market' }], { config })).toBe(100_000_000n);
  });

  it('may be pegged, and then holds its own limit', () => {
    const peg = { to: 'opposite', offsetLevels: 2 } as const;
    const { draft } = decideList('oto', [WORKING, { ...WORKING, price: '31000', peg }]);
    expect(draft.holds[1]).toMatchObject({ amountMinor: 31_000_000_000n });
    expect(draft.commands.get(BTC)?.commands).toMatchObject([{ orders: [{ peg }] }]);
  });
});

describe('a list under a name', () => {
  const header: RequestKey = { kind: 'list_header', key: 'key' };
  const client: RequestKey = { kind: 'list_client', key: 'mine' };
  const leg: RequestKey = { kind: 'client', key: 'leg' };
  const named = (keys: readonly RequestKey[], more = {}) =>
    listOf('oco', [PROFIT, { ...STOP, clientOrderId: 'leg' }], { keys, ...more });

  it('is remembered by all its names, each of what it names', () => {
    const { keys } = decideAll([named([header, client, leg])]);
    expect(keys).toEqual([
      { ...header, userNumber: 1, requestHash: 'aa', orderNumber: 13 },
      { ...client, userNumber: 1, requestHash: 'aa', orderNumber: 13 },
      { ...leg, userNumber: 1, requestHash: 'aa', orderNumber: 12 },
    ]);
  });

  it.each([header, client, leg])('is the same again by $kind alone', (key) => {
    const draft = decideAll([named([header, client, leg]), named([key])]);
    expect(draft.decisions[1]).toMatchObject({ kind: 'replayed' });
    expect(draft.lists).toHaveLength(1);
  });

  it.each<[RequestKey, string]>([
    [header, 'IDEMPOTENCY_KEY_REUSED'],
    [client, 'ORDER_LIST_CLIENT_ID_REUSED'],
    [leg, 'ORDER_CLIENT_ID_REUSED'],
  ])('is refused as another list under %j', (key, code) => {
    const draft = decideAll([named([header, client, leg]), named([key], { requestHash: 'bb' })]);
    expect(draft.decisions[1]).toMatchObject({ code });
  });

  it('does not stand in the way of an order under the same header', () => {
    const [order] = listOf('oco', [PROFIT]).orders;
    if (order === undefined) throw new Error('no order');
    const key: RequestKey = { kind: 'header', key: 'key' };
    const more = { keys: [key], requestHash: 'cc' };
    const draft = decideAll([
      named([header]),
      { kind: 'place', userNumber: 1, body: order, ...more },
    ]);
    expect(draft.decisions[1]).toMatchObject({ kind: 'placed' });
    expect(draft.holds.map(({ holdId }) => holdId)).toEqual(['lst_0000000000000013', orderId(14)]);
  });
});
