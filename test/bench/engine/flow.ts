// Seeded order flow for the engine benchmark, made once and then the same for every engine:
// prefill, then 48 % passive limits, 42 % cancels of a random live order, 10 % marketable limits.
import { decodeEvents } from '../../../engine-daemon/core/facts.ts';
import { MarketBook } from '../../../engine-daemon/core/market-book.ts';
import { configureCommand, makePlace } from './commands.ts';
import { makeRandom, type Random } from './random.ts';

const PASSIVE_SHARE = 0.48;
const CANCEL_SHARE = 0.42;
/** Moves from cancels to passive limits below the wanted depth and back above it: with the plain
 *  shares the depth would wander off, and the figures would be of another depth than they say. */
const BALANCE_SHARE = 0.06;
const QUANTITY_LOTS_MAX = 100;
const FAIR_TICKS_START = 1_000_000;
/** Chance of each operation to move the fair price by one tick. */
const DRIFT_CHANCE = 0.02;
const DISTANCE_MEAN_TICKS = 100;
/** Share of marketable orders that push the book towards the fair price. */
const FOLLOW_SHARE = 0.75;
/** Buyers and sellers are different people, so that no engine meets a self-trade. */
const USERS_PER_SIDE = 500;

export const PLACE_BUY = 0;
export const PLACE_SELL = 1;
export const CANCEL = 2;

/** Command 1 configures the market. */
export function numberOf(operation: number): number {
  return operation + 2;
}

function indexOf(number: number): number {
  return number - 2;
}

export interface Flow {
  readonly prefill: number;
  readonly count: number;
  readonly kinds: Uint8Array;
  readonly prices: Float64Array;
  readonly lots: Float64Array;
  readonly users: Uint32Array;
  /** For a cancel: the number of the order. */
  readonly targets: Uint32Array;
}

/** Our engine runs along to know which orders live and where the best prices are. */
export function makeFlow(seed: number, prefill: number, operations: number): Flow {
  const count = prefill + operations;
  const flow: Flow = {
    prefill,
    count,
    kinds: new Uint8Array(count),
    prices: new Float64Array(count),
    lots: new Float64Array(count),
    users: new Uint32Array(count),
    targets: new Uint32Array(count),
  };
  const maker = new FlowMaker(flow, makeRandom(seed));
  for (let at = 0; at < count; at += 1) maker.make(at);
  return flow;
}

class FlowMaker {
  private readonly flow: Flow;
  private readonly random: Random;
  private readonly book = new MarketBook('BTC-USD');
  private readonly live = new LiveOrders();
  private readonly place = makePlace();
  private fairTicks = FAIR_TICKS_START;

  constructor(flow: Flow, random: Random) {
    this.flow = flow;
    this.random = random;
    this.book.apply(configureCommand());
    this.book.events.clear();
  }

  make(at: number): void {
    const random = this.random;
    if (random() < DRIFT_CHANCE) this.fairTicks += random() < 0.5 ? -1 : 1;
    const choice = at < this.flow.prefill ? 0 : random();
    const balance = this.live.count < this.flow.prefill ? BALANCE_SHARE : -BALANCE_SHARE;
    if (choice < PASSIVE_SHARE + balance) this.makePassive(at);
    else if (choice < PASSIVE_SHARE + CANCEL_SHARE && this.live.count > 0) this.makeCancel(at);
    else this.makeMarketable(at);
  }

  /** Never through the opposite best: the book follows the fair price by trades. */
  private makePassive(at: number): void {
    const distance = 1 + Math.floor(-Math.log(1 - this.random()) * DISTANCE_MEAN_TICKS);
    const isBuy = this.random() < 0.5;
    const { bestBuy, bestSell } = this.bestPrices();
    const price = isBuy
      ? Math.min(this.fairTicks - distance, bestSell - 1)
      : Math.max(this.fairTicks + distance, bestBuy + 1);
    this.makePlace(at, isBuy, price);
  }

  private makeMarketable(at: number): void {
    const { bestBuy, bestSell } = this.bestPrices();
    const isBelowFair = (bestBuy + bestSell) / 2 < this.fairTicks;
    const isBuy = this.random() < FOLLOW_SHARE ? isBelowFair : !isBelowFair;
    this.makePlace(at, isBuy, isBuy ? bestSell : bestBuy);
  }

  private bestPrices(): { bestBuy: number; bestSell: number } {
    const { bids, asks } = this.book.level2(1);
    const bestBuy = bids[0]?.[0] ?? this.fairTicks - DISTANCE_MEAN_TICKS;
    return { bestBuy, bestSell: asks[0]?.[0] ?? this.fairTicks + DISTANCE_MEAN_TICKS };
  }

  private makePlace(at: number, isBuy: boolean, price: number): void {
    const { flow, random, place } = this;
    const user = 1 + Math.floor(random() * USERS_PER_SIDE) + (isBuy ? 0 : USERS_PER_SIDE);
    flow.kinds[at] = isBuy ? PLACE_BUY : PLACE_SELL;
    flow.prices[at] = price;
    flow.lots[at] = 1 + Math.floor(random() * QUANTITY_LOTS_MAX);
    flow.users[at] = user;
    place.number = numberOf(at);
    place.side = isBuy ? 'buy' : 'sell';
    place.priceTicks = price;
    place.quantityLots = flow.lots[at] ?? 0;
    place.userNumber = user;
    this.book.apply(place);
    this.follow();
  }

  private makeCancel(at: number): void {
    const { flow, live } = this;
    const target = live.at(Math.floor(this.random() * live.count));
    const user = flow.users[indexOf(target)] ?? 0;
    flow.kinds[at] = CANCEL;
    flow.targets[at] = target;
    flow.users[at] = user;
    const number = numberOf(at);
    this.book.apply({ kind: 'cancel', number, timeMs: 1, userNumber: user, orderNumber: target });
    this.follow();
  }

  private follow(): void {
    for (const event of decodeEvents(this.book)) {
      if (event.kind === 'opened') this.live.add(Number(event.orderId.slice(4)));
      if (event.kind === 'ended') this.live.remove(Number(event.orderId.slice(4)));
    }
    this.book.events.clear();
    this.book.clearTouched();
  }
}

/** A set that can draw a random member. */
class LiveOrders {
  private readonly numbers: number[] = [];
  private readonly places = new Map<number, number>();

  get count(): number {
    return this.numbers.length;
  }

  at(place: number): number {
    return this.numbers[place] ?? 0;
  }

  add(number: number): void {
    this.places.set(number, this.numbers.length);
    this.numbers.push(number);
  }

  remove(number: number): void {
    const place = this.places.get(number);
    if (place === undefined) return;
    this.places.delete(number);
    const last = this.numbers.pop();
    if (last === undefined || last === number) return;
    this.numbers[place] = last;
    this.places.set(last, place);
  }
}
