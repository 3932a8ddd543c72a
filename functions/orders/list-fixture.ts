// For tests of pure decisions: lists of orders as a client would ask for them, and a batch that
// decides about them.
import type { PlaceOrderBody } from './schema.ts';
import type { ListType } from './schema/order-lists.ts';
import type { AcceptContext } from './decide/accept-context.ts';
import { BatchDecision } from './decide/batch.ts';
import type { Intent, PlaceListIntent } from './decide/intent.ts';
import type { MarketTerms } from './decide/size.ts';
import { expandWide, termsKey } from './decide/touched.ts';
import { termsWith } from './terms-fixture.ts';

export const NOW_MS = 1_700_000_000_000;
export const BTC = 'BTC-USD';
export type Body = Partial<PlaceOrderBody>;

export const SELL = { side: 'sell', quantity: '1' } as const;
export const PROFIT: Body = { ...SELL, type: 'limit', price: '31000', postOnly: true };
export const STOP: Body = {
  ...SELL,
  type: 'market',
  trigger: { type: 'stop_loss', price: '29000' },
};
export const TRAIL: Body = { ...STOP, trigger: { type: 'trailing_stop', trailBps: 100 } };
export const TAKE: Body = { ...STOP, trigger: { type: 'take_profit', price: '31000' } };
export const WORKING: Body = { side: 'buy', type: 'limit', price: '30000', quantity: '1' };
export const BUY_LOW: Body = { ...PROFIT, side: 'buy', price: '28000' };
export const BUY_HIGH: Body = {
  ...STOP,
  side: 'buy',
  trigger: { type: 'stop_loss', price: '32000' },
};

export function listOf(type: ListType, orders: readonly Body[], more = {}): PlaceListIntent {
  return {
    kind: 'place_list',
    userNumber: 1,
    type,
    market: BTC,
    clientListId: null,
    orders: orders.map((order) => ({ side: 'buy', type: 'limit', market: BTC, ...order })),
    keys: [],
    requestHash: 'aa',
    ...more,
  };
}

export interface World {
  readonly context?: Partial<AcceptContext>;
  readonly terms?: Partial<MarketTerms>;
  readonly available?: Readonly<Record<string, bigint>>;
  readonly openOrdersMax?: number;
}

export function decideAll(intents: readonly Intent[], world: World = {}) {
  const numbers = Array.from({ length: 50 }, (_, at) => at + 11);
  const context = { nowMs: NOW_MS, numbers, openCounts: [], keys: [], ...world.context };
  const terms = new Map([[termsKey(1, BTC), termsWith(world.terms)]]);
  const batch = new BatchDecision(context, terms, new Map(), world.openOrdersMax ?? 100);
  batch.sizeAll(intents);
  const plenty = 10n ** 15n;
  const readAvailable = ({ asset }: { asset: string }) => world.available?.[asset] ?? plenty;
  const plan = { wide: expandWide(intents, [], []), allOrNone: new Map<number, number>() };
  return batch.decideAll(intents, readAvailable, plan);
}

export function decideList(type: ListType, orders: readonly Body[], world: World = {}) {
  const draft = decideAll([listOf(type, orders)], world);
  return { draft, decision: draft.decisions[0] };
}
