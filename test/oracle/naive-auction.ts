// At which price a crossed book trades, how it does, and what it tells of that before: "Auction
// price", "Uncrossing" and "Indication" in docs/engine.md.
import { least, LOTS_MAX } from './naive-amounts.ts';
import type { NaiveBook } from './naive-book.ts';
import { emitTrade, prevent } from './naive-matching.ts';
import { hasSameOwner, openOf, type Order } from './naive-orders.ts';
import type { Side } from './naive-types.ts';

const MS_PER_INDICATION = 1_000;
const UNCROSSINGS_MAX = 8;

type Sides = Pick<NaiveBook, 'buys' | 'sells' | 'lastTicks'>;

/** What decided between the best prices. */
export type PriceRule =
  | 'only one'
  | 'buyers left'
  | 'sellers left'
  | 'last'
  | 'nearest lowest'
  | 'nearest highest'
  | 'middle';

interface AuctionPrice {
  readonly ticks: bigint;
  readonly rule: PriceRule;
  /** Prices at which the most lots trade, and those of them where the least are left over. */
  readonly candidates: readonly [number, number];
  readonly lots: bigint;
  readonly surplusSide: Side | null;
  readonly surplusLots: bigint;
}

export function isCrossed({ buys, sells }: Sides): boolean {
  const [buy, sell] = [buys[0], sells[0]];
  return buy !== undefined && sell !== undefined && buy.limit >= sell.limit;
}

/** What could be bought and sold at a price. */
function volumesAt({ buys, sells }: Sides, ticks: bigint) {
  const sum = (orders: readonly Order[]): bigint =>
    orders.reduce((total, { remaining }) => total + remaining, 0n);
  const bought = sum(buys.filter(({ limit }) => limit >= ticks));
  const sold = sum(sells.filter(({ limit }) => limit <= ticks));
  const surplus = bought - sold;
  const surplusLots = surplus < 0n ? -surplus : surplus;
  return { ticks, bought, sold, lots: least(bought, sold), surplusLots };
}

/** Null when the book is not crossed. */
export function auctionPrice(book: Sides): AuctionPrice | null {
  const [bestBuy, bestSell] = [book.buys[0], book.sells[0]];
  if (bestBuy === undefined || bestSell === undefined || bestBuy.limit < bestSell.limit) {
    return null;
  }
  const limits = [...book.buys, ...book.sells].map(({ limit }) => limit);
  const inside = limits.filter((limit) => limit >= bestSell.limit && limit <= bestBuy.limit);
  const prices = [...new Set(inside)].sort((a, b) => (a < b ? -1 : 1));
  const all = prices.map((price) => volumesAt(book, price));
  const mostLots = all.reduce((most, { lots }) => (lots > most ? lots : most), 0n);
  const most = all.filter(({ lots }) => lots === mostLots);
  const leastSurplus = most.reduce(
    (fewest, { surplusLots }) => least(fewest, surplusLots),
    most[0]?.surplusLots ?? 0n,
  );
  const best = most.filter(({ surplusLots }) => surplusLots === leastSurplus);
  const [rule, ticks] = chooseFrom(best, book.lastTicks);
  const { bought, sold, lots, surplusLots } = volumesAt(book, ticks);
  const surplusSide = bought === sold ? null : bought > sold ? 'buy' : 'sell';
  const candidates = [most.length, best.length] as const;
  return { ticks, rule, candidates, lots, surplusSide, surplusLots };
}

function chooseFrom(
  best: readonly ReturnType<typeof volumesAt>[],
  lastTicks: number | null,
): readonly [PriceRule, bigint] {
  const lowest = best[0]?.ticks ?? 0n;
  const highest = best.at(-1)?.ticks ?? 0n;
  if (lowest === highest) return ['only one', lowest];
  if (best.every(({ bought, sold }) => bought > sold)) return ['buyers left', highest];
  if (best.every(({ bought, sold }) => bought < sold)) return ['sellers left', lowest];
  if (lastTicks === null) return ['middle', (lowest + highest) / 2n];
  const last = BigInt(lastTicks);
  if (last < lowest) return ['nearest lowest', lowest];
  return last > highest ? ['nearest highest', highest] : ['last', last];
}

/** Lets a crossed book trade until it is not crossed any more. */
export function uncross(book: NaiveBook): void {
  for (let times = 0; times < UNCROSSINGS_MAX && isCrossed(book); times += 1) uncrossOnce(book);
  while (isCrossed(book)) {
    const [buy, sell] = [book.buys[0], book.sells[0]];
    if (buy === undefined || sell === undefined) return;
    const [taker, maker] = rolesOf(buy, sell);
    meet(book, taker, maker, maker.limit);
  }
}

/** At its auction price. It may be crossed still for what is prevented. */
function uncrossOnce(book: NaiveBook): void {
  const price = auctionPrice(book);
  if (price === null) throw new Error('the book is not crossed');
  const { ticks, lots } = price;
  book.emit({ kind: 'uncrossed', priceTicks: Number(ticks), lots: told(lots) });
  for (;;) {
    const [buy, sell] = [book.buys[0], book.sells[0]];
    if (buy === undefined || sell === undefined) return;
    if (buy.limit < ticks || sell.limit > ticks) return;
    const [taker, maker] = rolesOf(buy, sell);
    meet(book, taker, maker, ticks);
  }
}

function meet(book: NaiveBook, taker: Order, maker: Order, ticks: bigint): void {
  if (hasSameOwner(maker, taker) && taker.mode !== 'none') {
    preventInAuction(book, taker, maker, ticks);
  } else {
    tradeInAuction(book, taker, maker, ticks);
  }
}

/** The later order takes, but a post-only order only from one that is post-only, too. */
function rolesOf(buy: Order, sell: Order): readonly [Order, Order] {
  if (buy.postOnly !== sell.postOnly) return buy.postOnly ? [sell, buy] : [buy, sell];
  return buy.number > sell.number ? [buy, sell] : [sell, buy];
}

function tradeInAuction(book: NaiveBook, taker: Order, maker: Order, ticks: bigint): void {
  const shown = [openOf(maker), openOf(taker)];
  emitTrade(book, taker, maker, { lots: least(taker.remaining, maker.remaining), ticks });
  for (const [at, order] of [maker, taker].entries()) showInPlace(book, order, shown[at] ?? 0n);
  for (const order of [maker, taker]) {
    if (order.remaining > 0n) continue;
    book.remove(order);
    book.emitEnd(order, 'filled', null, 0n);
  }
}

function preventInAuction(book: NaiveBook, taker: Order, maker: Order, ticks: bigint): void {
  const shown = [openOf(maker), openOf(taker)];
  const open = least(taker.remaining, maker.remaining);
  const { isMakerOver, isTakerOver } = prevent(book, taker, maker, { ticks, open });
  if (taker.mode === 'decrement') {
    for (const [at, order] of [maker, taker].entries()) showInPlace(book, order, shown[at] ?? 0n);
  }
  const reason = 'ORDER_SELF_TRADE_PREVENTED';
  if (isMakerOver) book.end(maker, 'cancelled', reason);
  if (isTakerOver) book.end(taker, 'cancelled', reason);
}

/** An order that has lost lots in an uncrossing shows what it has without losing its place. */
function showInPlace(book: NaiveBook, order: Order, shownBefore: bigint): void {
  const { iceberg, remaining } = order;
  if (iceberg !== null) iceberg.shown = least(iceberg.displayLots, remaining);
  if (openOf(order) !== shownBefore) book.touch(order);
}

/** At most once a second an auction tells what it would come to, if that is another than before. */
export function indicate(book: NaiveBook): void {
  if (book.status !== 'auction') return;
  const second = Math.floor(book.nowMs / MS_PER_INDICATION);
  const last = book.indicated;
  if (last !== null && second <= last.second) return;
  const price = auctionPrice(book);
  const [ticks, lots] = [Number(price?.ticks ?? 0n), told(price?.lots ?? 0n)];
  book.indicated = { second, ticks, lots };
  if (ticks === (last?.ticks ?? 0) && lots === (last?.lots ?? 0)) return;
  const surplusSide = price?.surplusSide ?? null;
  const surplusLots = told(price?.surplusLots ?? 0n);
  book.emit({ kind: 'indicative', priceTicks: ticks, lots, surplusSide, surplusLots });
}

function told(lots: bigint): number {
  return Number(least(lots, LOTS_MAX));
}
