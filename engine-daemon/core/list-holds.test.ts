// Random lives of order lists: whatever happens to them, all that is taken out of a hold and given
// back is exactly what was held, at no time more, and at the end nothing is open or remembered. A
// market that is saved and restored on the way tells the same.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MARKET_STATUSES } from '../../shared/domain/market.ts';
import type { MarketCommand, PlaceCommand } from '../../shared/events/commands.ts';
import type { ExecutionEvent } from '../../shared/events/executions.ts';
import { findListFault, listOrders } from '../../shared/events/order-lists.ts';
import { ALICE, BOB, CAROL, DAVE, TestMarket } from './test-market.ts';

// A failure prints its seed and its shrunk steps.
const RUNS = 200;
/** Each writes some events, of about nine doubles; the buffer begins with 16,384. */
const LISTS_OF_A_STEP = 1_500;
const USERS = [ALICE, BOB, CAROL] as const;
const INTERRUPTION = { moveBps: 900, windowMs: 600, haltMs: 10, auctionMs: 30 };
const OPEN_STATUSES = MARKET_STATUSES.filter(
  (status) => status !== 'closing' && status !== 'delisted',
);

const user = fc.constantFrom(...USERS);
const price = fc.integer({ min: 95, max: 105 });
const lots = fc.integer({ min: 1, max: 12 });
const side = fc.constantFrom('buy' as const, 'sell' as const);
const mode = fc.constantFrom(
  ...(['cancel_taker', 'cancel_maker', 'cancel_both', 'decrement', 'none'] as const),
);
const trigger = fc.oneof(
  fc.record({
    kind: fc.constantFrom('stop_loss' as const, 'take_profit' as const),
    priceTicks: price,
  }),
  fc.record(
    {
      kind: fc.constant('trailing_stop' as const),
      trailBps: fc.constantFrom(100, 300, 500),
      activationPriceTicks: price,
    },
    { requiredKeys: ['kind', 'trailBps'] },
  ),
);

const TRIGGER = { kind: 'stop_loss', priceTicks: 98 } as const;

/** What an order of a list is beside its trigger; a leg without one is post-only. */
const leg = fc.record({
  trigger: fc.option(trigger, { nil: undefined, freq: 2 }),
  isMarket: fc.boolean(),
  timeInForce: fc.constantFrom('GTC' as const, 'GTD' as const, 'IOC' as const, 'FOK' as const),
  priceTicks: price,
  selfTradePrevention: mode,
  lifeMs: fc.integer({ min: 1, max: 60 }),
  displayLots: fc.constantFrom(undefined, undefined, 1, 2),
});
const plain = fc.record({
  side,
  timeInForce: fc.constantFrom('GTC' as const, 'GTC' as const, 'IOC' as const),
  postOnly: fc.constantFrom(true, false, false, false),
  priceTicks: price,
  quantityLots: lots,
  selfTradePrevention: mode,
  peg: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        to: fc.constantFrom('same' as const, 'opposite' as const),
        offsetLevels: fc.nat(1),
      }),
    },
  ),
});
const list = fc.record({
  kind: fc.constant('list' as const),
  userNumber: user,
  side,
  quantityLots: lots,
  working: fc.option(plain, { freq: 2 }),
  legs: fc.tuple(leg, leg),
  isAlone: fc.boolean(),
});

const step = fc.oneof(
  { weight: 8, arbitrary: list },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('place' as const),
      // Dave has no lists: he trades with those of all others.
      userNumber: fc.constantFrom(...USERS, DAVE, DAVE, DAVE),
      words: plain,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('cancel' as const), back: fc.nat(20) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      back: fc.nat(20),
      priceTicks: price,
      quantityLots: lots,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('all' as const), userNumber: user }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      status: fc.oneof(
        { weight: 6, arbitrary: fc.constant('trading' as const) },
        { weight: 2, arbitrary: fc.constant('auction' as const) },
        { weight: 1, arbitrary: fc.constantFrom(...OPEN_STATUSES) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('deadman' as const), userNumber: user }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      userNumber: user,
      isBlocked: fc.constantFrom(true, false, false, false),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick' as const), byMs: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'reload' as const }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Leg = typeof leg extends fc.Arbitrary<infer Value> ? Value : never;
type ListStep = typeof list extends fc.Arbitrary<infer Value> ? Value : never;

/** What every hold was and what has left it, by its name. */
class Holds {
  readonly held = new Map<string, bigint>();
  readonly left = new Map<string, bigint>();

  hold(name: string, minor: bigint): void {
    this.held.set(name, (this.held.get(name) ?? 0n) + minor);
    this.left.set(name, (this.left.get(name) ?? 0n) + minor);
  }

  take(name: string, minor: string): void {
    const left = (this.left.get(name) ?? 0n) - BigInt(minor);
    expect(left, `${name} has given more than it had`).toBeGreaterThanOrEqual(0n);
    this.left.set(name, left);
  }

  follow(event: ExecutionEvent): void {
    switch (event.kind) {
      case 'trade':
        for (const { holdId, orderId, holdMinor } of [event.taker, event.maker]) {
          this.take(holdId ?? orderId, holdMinor);
        }
        return;
      case 'reduced':
      case 'ended':
        this.take(event.holdId ?? event.orderId, event.releaseMinor);
        return;
      case 'amended':
      case 'pegged':
        this.take(event.orderId, event.releaseMinor);
        return;
      case 'refused':
        if (event.orderId !== null) this.take(event.orderId, event.releaseMinor);
        return;
      default:
    }
  }
}

function name(prefix: 'ord' | 'lst', number: number): string {
  return `${prefix}_${number.toString().padStart(16, '0')}`;
}

/** A market and the holds of its orders, as a ledger would keep them. */
class Life {
  readonly holds = new Holds();
  readonly kinds = new Set<string>();
  /** Every event as it is written. */
  readonly told: string[] = [];
  private market: TestMarket;
  private readonly placed: [userNumber: number, orderNumber: number][] = [];
  private readonly doesReload: boolean;

  constructor(feePolicy: 'received' | 'quote', isInterruptible: boolean, doesReload: boolean) {
    this.doesReload = doesReload;
    const more = isInterruptible ? { interruption: INTERRUPTION } : {};
    this.market = TestMarket.open({ feePolicy, maxWaitingOrders: 12, ...more });
    this.place({ userNumber: BOB, side: 'sell', quantityLots: 1 });
    this.place({ userNumber: CAROL, side: 'buy', quantityLots: 1 });
  }

  live(step: Step): void {
    switch (step.kind) {
      case 'list':
        this.placeList(step);
        return;
      case 'place':
        this.place({ userNumber: step.userNumber, ...step.words });
        return;
      case 'cancel':
        this.follow(this.market.cancel(...this.orderBack(step.back)));
        return;
      case 'amend': {
        const { priceTicks, quantityLots } = step;
        const [userNumber, number] = this.orderBack(step.back);
        this.holds.hold(name('ord', number), 1_000_000_000_000n);
        this.follow(this.market.amend(userNumber, number, priceTicks, quantityLots));
        return;
      }
      case 'all':
        this.follow(this.market.cancelAll(step.userNumber));
        return;
      case 'status':
        this.follow(this.market.setStatus(step.status));
        return;
      case 'deadman':
        this.follow(this.market.cancelAllAfter(step.userNumber, this.market.book.nowMs + 15));
        return;
      case 'block':
        this.follow(this.market.block(step.userNumber, step.isBlocked));
        return;
      case 'tick':
        this.follow(this.market.tick(this.market.book.nowMs + step.byMs));
        return;
      case 'reload':
        if (this.doesReload) this.market = this.market.reload();
        return;
    }
  }

  /** Ends all that is open, by what ends all at once. */
  end(): void {
    this.follow(this.market.setStatus('closing'));
    this.follow(this.market.setStatus('delisted'));
    const { book } = this.market;
    expect(book.openOrders).toBe(0);
    expect(book.state.lists.size).toBe(0);
    expect(book.events.sharedHolds.size).toBe(0);
    for (const [hold, left] of this.holds.left) expect(left, `${hold} keeps something`).toBe(0n);
  }

  /** A user and an order of that user: one of the last that were placed. */
  private orderBack(back: number): [userNumber: number, orderNumber: number] {
    return this.placed.at(-1 - (back % this.placed.length)) ?? [BOB, 2];
  }

  private place(words: Partial<PlaceCommand>): void {
    const command = this.market.placeCommand(words);
    this.holds.hold(name('ord', command.number), BigInt(command.holdMinor));
    this.placed.push([command.userNumber, command.number]);
    this.apply(command);
  }

  private placeList({ userNumber, side, quantityLots, working, legs, isAlone }: ListStep): void {
    const [one, two] = legs;
    // A pair without any trigger would be poison, which the engine never sees.
    const first = { ...one, trigger: one.trigger ?? two.trigger ?? TRIGGER };
    const orders = [first, two].map((each) => this.legOf(each, { userNumber, side, quantityLots }));
    const isOne = isAlone && working !== null;
    const before = working === null ? {} : { working: { userNumber, ...working } };
    const command = this.market.listCommand({
      userNumber,
      ...before,
      orders: isOne ? orders.slice(0, 1) : orders,
    });
    expect(findListFault(command)).toBeNull();
    const holds = listOrders(command).map((order) => BigInt(order.holdMinor));
    const numbers = listOrders(command).map((order) => order.number);
    for (const number of numbers) this.placed.push([userNumber, number]);
    const pair = command.orders.length === 2 ? holds.slice(-2) : [];
    for (const [at, hold] of holds.slice(0, holds.length - pair.length).entries()) {
      this.holds.hold(name('ord', numbers[at] ?? 0), hold);
    }
    const [some = 0n, more = 0n] = pair;
    if (pair.length > 0) this.holds.hold(name('lst', command.number), some > more ? some : more);
    this.apply(command);
  }

  private legOf(each: Leg, words: Partial<PlaceCommand>): Partial<PlaceCommand> {
    const { isMarket, lifeMs, timeInForce, trigger, ...more } = each;
    const canRest = timeInForce === 'GTC' || timeInForce === 'GTD';
    const isTaker = trigger !== undefined && isMarket;
    return {
      ...words,
      ...more,
      ...(trigger === undefined ? {} : { trigger }),
      type: isTaker ? 'market' : 'limit',
      timeInForce: isTaker ? 'IOC' : trigger === undefined && !canRest ? 'GTC' : timeInForce,
      postOnly: trigger === undefined,
      expiresAtMs: !isTaker && timeInForce === 'GTD' ? this.market.book.nowMs + lifeMs : null,
    };
  }

  private apply(command: MarketCommand): void {
    this.follow(this.market.apply(command));
  }

  private follow(events: readonly ExecutionEvent[]): void {
    for (const event of events) {
      this.kinds.add(event.kind);
      this.told.push(JSON.stringify(event));
      if (event.kind === 'ended') {
        this.kinds.add(`${event.status} ${event.holdId === undefined ? 'one' : 'pair'}`);
      }
      this.holds.follow(event);
    }
  }
}

describe('the holds of lists', () => {
  it('give back exactly what was held, and nothing stays, saved and restored or not', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        // Without bias: small and extreme prices and quantities hardly ever trade.
        fc.noBias(fc.array(step, { minLength: 15, maxLength: 60, size: 'max' })),
        fc.constantFrom('received' as const, 'quote' as const),
        fc.boolean(),
        (steps, feePolicy, isInterruptible) => {
          const life = new Life(feePolicy, isInterruptible, false);
          for (const each of steps) life.live(each);
          life.end();
          const restored = new Life(feePolicy, isInterruptible, true);
          for (const each of steps) restored.live(each);
          restored.end();
          expect(restored.told).toEqual(life.told);
          for (const kind of life.kinds) kinds.add(kind);
        },
      ),
      { numRuns: RUNS },
    );
    // Lives in which one of these never happens would prove nothing about it.
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        ...['armed', 'pegged', 'triggered', 'reduced', 'uncrossed', 'deadman_fired'],
        ...['filled pair', 'cancelled pair', 'expired pair', 'rejected pair'],
      ]),
    );
  });

  it('give it back in a step that outgrows the buffer of events', () => {
    const market = TestMarket.open();
    const holds = new Holds();
    market.rest('sell', BOB, 100, 1);
    market.buy(CAROL, 100, 1);
    const stop = { side: 'buy', priceTicks: 130, trigger: { kind: 'stop_loss', priceTicks: 120 } };
    for (let left = LISTS_OF_A_STEP; left > 0; left -= 1) {
      const take = { side: 'buy', priceTicks: 90, postOnly: true } as const;
      const command = market.listCommand({ orders: [take, stop as Partial<PlaceCommand>] });
      holds.hold(name('lst', command.number), 1_300n);
      market.book.apply(command);
    }
    market.book.events.clear();
    market.rest('sell', BOB, 120, 1);
    const before = market.book.events.bytes();
    for (const event of market.buy(CAROL, 120, 1)) {
      if (event.kind === 'ended' && event.holdId !== undefined) holds.follow(event);
    }
    expect(market.book.events.bytes()).toBeGreaterThan(before);
    for (const event of market.cancelAll(ALICE)) holds.follow(event);
    for (const [hold, left] of holds.left) expect(left, `${hold} keeps something`).toBe(0n);
  });
});
