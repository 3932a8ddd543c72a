// What a random run must have seen of auctions: their price, their trades and what they tell.
// "Auction price", "Uncrossing" and "Indication" in docs/engine.md.
import { SELF_TRADE_MODES } from './command-specs.ts';
import type { Context, Hit } from './coverage-acts.ts';
import { auctionPrice, type PriceRule } from './naive-auction.ts';
import type { Execution, Prevented, Trade } from './naive-events.ts';

const RULES: readonly PriceRule[] = [
  ...(['only one', 'buyers left', 'sellers left', 'last'] as const),
  ...(['nearest lowest', 'nearest highest', 'middle'] as const),
];

export const AUCTION_OUTCOMES: readonly string[] = [
  ...['configuration', 'schedule', 'resumption'].map((cause) => `uncrossed by ${cause}`),
  ...RULES.map((rule) => `auction price: ${rule}`),
  'auction price: most lots at several prices',
  'auction price: least left over at several prices',
  'auction price at which no order stands',
  'uncrossed more than once',
  'uncrossed, then triggered others',
  ...['buy', 'sell'].map((side) => `uncrossing: taker ${side}`),
  'uncrossing: post-only order made although the later one',
  'uncrossing: taker filled, maker left',
  'uncrossing: maker filled, taker left',
  'uncrossing: both filled',
  'uncrossing: several trades of one order',
  'uncrossing: better than the limit of an order',
  'uncrossing: iceberg traded more than it showed',
  'uncrossing: iceberg kept its place',
  'uncrossing: traded with itself',
  ...SELF_TRADE_MODES.filter((mode) => mode !== 'none').map((mode) => `uncrossing: ${mode}`),
  'uncrossing: prevented within a group',
  ...['buy', 'sell', 'none'].map((side) => `indicated with surplus ${side}`),
  'indicated that nothing would trade',
  'indicated in the step in which the auction began',
  'indicated by a tick',
  'looked at without anything new',
  'not looked at in the same second',
];

export function noteAuctions(
  cause: string,
  events: readonly Execution[],
  context: Context,
  hit: Hit,
): void {
  noteIndications(cause, events, context, hit);
  const at = events.findIndex(({ kind }) => kind === 'uncrossed');
  if (at < 0) return;
  const changes = events.filter((event) => event.kind === 'phase_changed');
  const change = cause === 'configuration' ? cause : (changes.at(-1)?.cause ?? '');
  hit(`uncrossed by ${change}`);
  notePrice(events.slice(0, at), context, hit);
  // Later ones belong to orders that were triggered.
  const end = events.findIndex(({ kind }) => kind === 'triggered');
  if (end > at) hit('uncrossed, then triggered others');
  const done = events.slice(at, end < 0 ? undefined : end);
  if (done.filter(({ kind }) => kind === 'uncrossed').length > 1) hit('uncrossed more than once');
  const trades = done.filter((event) => event.kind === 'trade');
  for (const trade of trades) noteTrade(trade, context, hit);
  for (const event of done) if (event.kind === 'prevented') notePrevented(event, hit);
  noteOrders(trades, context, hit);
}

/** The price is decided again from the orders before, as far as nothing has ended since. */
function notePrice(before: readonly Execution[], context: Context, hit: Hit): void {
  if (before.some(({ kind }) => kind === 'ended' || kind === 'trade')) return;
  const orders = [...context.resting.values()].map(({ order, limit, remaining }) => {
    return { ...order, limit, remaining };
  });
  const buys = orders.filter(({ side }) => side === 'buy');
  const sells = orders.filter(({ side }) => side === 'sell');
  const price = auctionPrice({ buys, sells, lastTicks: context.lastTicks });
  if (price === null) return;
  hit(`auction price: ${price.rule}`);
  const [most, best] = price.candidates;
  if (most > 1) hit('auction price: most lots at several prices');
  if (best > 1) hit('auction price: least left over at several prices');
  if (orders.every(({ limit }) => limit !== price.ticks)) {
    hit('auction price at which no order stands');
  }
}

function noteTrade(trade: Trade, { resting }: Context, hit: Hit): void {
  const { taker, maker, takerSide, priceTicks } = trade;
  hit(`uncrossing: taker ${takerSide}`);
  const [a, b] = [resting.get(taker.orderId)?.order, resting.get(maker.orderId)?.order];
  if (a === undefined || b === undefined) return;
  if (b.postOnly && b.number > a.number) {
    hit('uncrossing: post-only order made although the later one');
  }
  if (a.user === b.user) hit('uncrossing: traded with itself');
  if (taker.remainingLots > 0) hit('uncrossing: maker filled, taker left');
  else if (maker.remainingLots > 0) hit('uncrossing: taker filled, maker left');
  else hit('uncrossing: both filled');
  const price = BigInt(priceTicks);
  if (a.limit !== price || b.limit !== price) hit('uncrossing: better than the limit of an order');
}

function notePrevented({ mode, taker, maker }: Prevented, hit: Hit): void {
  hit(`uncrossing: ${mode}`);
  if (taker.userId !== maker.userId) hit('uncrossing: prevented within a group');
}

function noteOrders(trades: readonly Trade[], { resting, book }: Context, hit: Hit): void {
  const lots = new Map<string, number[]>();
  for (const { taker, maker, quantityLots } of trades) {
    for (const { orderId } of [taker, maker]) {
      lots.set(orderId, [...(lots.get(orderId) ?? []), quantityLots]);
    }
  }
  for (const [id, each] of lots) {
    const before = resting.get(id);
    if (each.length > 1) hit('uncrossing: several trades of one order');
    if (before === undefined || before.shown === null) continue;
    const sum = each.reduce((total, one) => total + one, 0);
    if (sum > before.shown) hit('uncrossing: iceberg traded more than it showed');
    const order = book.find(Number(id.slice(4)));
    if (order !== null && sum >= before.shown) hit('uncrossing: iceberg kept its place');
  }
}

function noteIndications(
  cause: string,
  events: readonly Execution[],
  { indicatedSecond, status, book }: Context,
  hit: Hit,
): void {
  if (cause === 'configuration') return;
  const told = events.find((event) => event.kind === 'indicative');
  const second = book.indicated?.second ?? null;
  if (told === undefined) {
    if (status !== 'auction' || indicatedSecond === null || second === null) return;
    if (second > indicatedSecond) hit('looked at without anything new');
    else if (book.nowMs % 1_000 > 0) hit('not looked at in the same second');
    return;
  }
  hit(`indicated with surplus ${told.surplusSide ?? 'none'}`);
  if (told.lots === 0) hit('indicated that nothing would trade');
  if (cause === 'tick') hit('indicated by a tick');
  if (events.some((event) => event.kind === 'phase_changed' && event.status === 'auction')) {
    hit('indicated in the step in which the auction began');
  }
}
