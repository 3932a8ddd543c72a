// Requests that come together are decided as if they came one after the other, before any database
// has its say.
import { describe, expect, it } from 'vitest';
import { isRejection } from '../../../shared/domain/rejection.ts';
import { termsWith } from '../terms-fixture.ts';
import type { AcceptContext, RequestKey } from './accept-context.ts';
import { BatchDecision } from './batch.ts';
import type { PlaceIntent } from './intent.ts';
import { termsKey } from './touched.ts';

const MARKET = 'BTC-USD';
const TERMS = termsWith();
const CONTEXT: AcceptContext = {
  nowMs: 1_700_000_000_000,
  numbers: [11, 12, 13, 14],
  openCounts: [],
  keys: [],
};
const USERS = [1, 2];
/** What an order of `buy` locks: 0.01 BTC at 30,000. */
const HOLD_MINOR = 300_000_000n;

function buy(userNumber: number, keys: readonly RequestKey[] = []): PlaceIntent {
  const body = {
    market: MARKET,
    side: 'buy',
    type: 'limit',
    price: '30000',
    quantity: '0.01',
  } as const;
  return { kind: 'place', userNumber, body, keys, requestHash: 'aa' };
}

/** What becomes of each: its kind, or the code of its refusal. */
function decide(
  intents: readonly PlaceIntent[],
  availableMinor: bigint,
  context = CONTEXT,
  openOrdersMax = 100,
): string[] {
  const terms = new Map(USERS.map((user) => [termsKey(user, MARKET), TERMS]));
  const batch = new BatchDecision(context, terms, new Map(), openOrdersMax);
  batch.sizeAll(intents);
  const { decisions } = batch.decideAll(intents, () => availableMinor);
  return decisions.map((each) => (isRejection(each) ? each.code : each.kind));
}

describe('orders of one batch', () => {
  it('lock no funds twice, however many they are', () => {
    const four = [buy(1), buy(1), buy(1), buy(1)];
    expect(decide(four, 3n * HOLD_MINOR)).toEqual([
      'placed',
      'placed',
      'placed',
      'ORDER_FUNDS_INSUFFICIENT',
    ]);
    expect(decide(four, 3n * HOLD_MINOR - 1n).slice(2)).toEqual([
      'ORDER_FUNDS_INSUFFICIENT',
      'ORDER_FUNDS_INSUFFICIENT',
    ]);
  });

  it('have funds of their own for each user', () => {
    expect(decide([buy(1), buy(2), buy(1), buy(2)], HOLD_MINOR)).toEqual([
      'placed',
      'placed',
      'ORDER_FUNDS_INSUFFICIENT',
      'ORDER_FUNDS_INSUFFICIENT',
    ]);
  });

  it('count as open for the next of them', () => {
    const context = { ...CONTEXT, openCounts: [{ userNumber: 1, market: MARKET, openOrders: 1 }] };
    expect(decide([buy(1), buy(1), buy(1), buy(2)], 9n * HOLD_MINOR, context, 3)).toEqual([
      'placed',
      'placed',
      'ORDERS_OPEN_TOO_MANY',
      'placed',
    ]);
  });
});

describe('a request key', () => {
  const key = { kind: 'client', key: 'mine' } as const;

  it("is its user's own: the same key of another asks for another order", () => {
    expect(decide([buy(1, [key]), buy(2, [key]), buy(1, [key])], 9n * HOLD_MINOR)).toEqual([
      'placed',
      'placed',
      'replayed',
    ]);
  });

  it('is not answered by what another user has sent before', () => {
    const known = { ...key, userNumber: 2, requestHash: 'aa', orderNumber: 7 };
    const context = { ...CONTEXT, keys: [known] };
    expect(decide([buy(1, [key]), buy(2, [key])], 9n * HOLD_MINOR, context)).toEqual([
      'placed',
      'replayed',
    ]);
  });

  it("is one kind's own: a header is no client id", () => {
    const header = { kind: 'header', key: 'mine' } as const;
    expect(decide([buy(1, [key]), buy(1, [header])], 9n * HOLD_MINOR)).toEqual([
      'placed',
      'placed',
    ]);
  });

  it('refuses another request under its name', () => {
    const other: PlaceIntent = { ...buy(1, [key]), requestHash: 'bb' };
    expect(decide([buy(1, [key]), other], 9n * HOLD_MINOR)).toEqual([
      'placed',
      'ORDER_CLIENT_ID_REUSED',
    ]);
  });
});
