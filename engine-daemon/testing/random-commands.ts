// Random commands of every kind, as the tests of the core make them: any price, quantity, option
// and status, with what few tests would think of together.
import fc from 'fast-check';
import { expect } from 'vitest';
import { MARKET_STATUSES } from '../../shared/domain/market.ts';
import type { MarketCommand, TickCommand } from '../../shared/events/commands.ts';
import { SMALL_MARKET, TestMarket } from '../core/test-market.ts';

// A failure prints its seed and its shrunk steps.
const PRICES = [1, 90, 95, 97, 98, 99, 100, 101, 102, 103, 105, 110, 65_536, 4_294_967_295];
/** Of a few ticks of the clock, with or without a halt before the auction. */
const INTERRUPTION = { moveBps: 300, windowMs: 600, haltMs: 10, auctionMs: 30 };
const OPEN_STATUSES = MARKET_STATUSES.filter(
  (status) => status !== 'closing' && status !== 'delisted',
);
const LOTS = [1, 2, 3, 5, 10, 17, 100, 4_294_967_296, 9_007_199_254_740_991];

const price = fc.constantFrom(...PRICES);
const lots = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 20 }) },
  fc.constantFrom(...LOTS),
);
const user = fc.integer({ min: 1, max: 4 });

const place = fc.record({
  kind: fc.constant('place' as const),
  userNumber: user,
  side: fc.constantFrom('buy' as const, 'sell' as const),
  type: fc.constantFrom('limit' as const, 'limit' as const, 'limit' as const, 'market' as const),
  timeInForce: fc.constantFrom(
    'GTC' as const,
    'GTC' as const,
    'GTD' as const,
    'IOC' as const,
    'FOK' as const,
  ),
  postOnly: fc.boolean(),
  selfTradePrevention: fc.constantFrom(
    'cancel_taker' as const,
    'cancel_maker' as const,
    'cancel_both' as const,
    'decrement' as const,
    'none' as const,
  ),
  priceTicks: price,
  quantityLots: lots,
  budget: fc.option(fc.integer({ min: 1, max: 5_000 }), { freq: 3 }),
  lifeMs: fc.integer({ min: 0, max: 50 }),
  makerFeePpm: fc.constantFrom(-100, 0, 1_000),
  takerFeePpm: fc.constantFrom(0, 2_000, 333_333),
  trigger: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('stop_loss' as const, 'take_profit' as const),
        priceTicks: price,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record(
        {
          kind: fc.constant('trailing_stop' as const),
          trailBps: fc.constantFrom(1, 100, 300, 5_000),
          activationPriceTicks: price,
        },
        { requiredKeys: ['kind', 'trailBps'] },
      ),
    },
  ),
  displayLots: fc.constantFrom(undefined, undefined, undefined, 1, 2, 4),
  tradeGroup: fc.constantFrom(undefined, undefined, 1, 2),
  replacesBack: fc.constantFrom(undefined, undefined, undefined, 1, 2, 3, 5),
  onFailure: fc.constantFrom('stop' as const, 'proceed' as const),
});

const step = fc.oneof(
  { weight: 12, arbitrary: place },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      userNumber: user,
      back: fc.nat(12),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cancel_all' as const), userNumber: user }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      userNumber: user,
      back: fc.nat(12),
      priceTicks: price,
      quantityLots: lots,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('configure' as const),
      status: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom('trading' as const, 'auction' as const) },
        { weight: 4, arbitrary: fc.constantFrom(...OPEN_STATUSES) },
        // From these two there is no way back.
        { weight: 1, arbitrary: fc.constantFrom('closing' as const, 'delisted' as const) },
      ),
      isInterruptible: fc.boolean(),
      scheduled: fc.option(fc.constantFrom(...MARKET_STATUSES), { freq: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('deadman' as const),
      userNumber: user,
      inMs: fc.option(fc.nat(60), { freq: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      userNumber: user,
      isBlocked: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('tick' as const),
      byMs: fc.oneof(fc.nat(20), fc.constant(1_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), back: fc.nat(5) }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Turns steps into commands; numbers and times follow from the place in the list. */
export function commandsOf(
  steps: readonly Step[],
  feePolicy: 'received' | 'quote',
): (MarketCommand | TickCommand)[] {
  const market = new TestMarket({ feePolicy });
  let nowMs = 1_000;
  let version = 1;
  const config = { ...SMALL_MARKET, feePolicy, interruption: INTERRUPTION };
  const commands: (MarketCommand | TickCommand)[] = [
    { kind: 'configure_market', number: 1, timeMs: nowMs, config, status: 'trading' },
  ];
  steps.forEach((made, place) => {
    const number = place + 2;
    const head = { number, timeMs: nowMs };
    switch (made.kind) {
      case 'place': {
        const { budget, lifeMs, kind, replacesBack, onFailure, ...words } = made;
        const isMarket = words.type === 'market';
        const quoteBudgetMinor = isMarket && budget !== null ? budget.toString() : null;
        const expiresAtMs = words.timeInForce === 'GTD' ? nowMs + lifeMs : null;
        const orderNumber = Math.max(1, number - (replacesBack ?? 0));
        const replaces = replacesBack === undefined ? undefined : { orderNumber, onFailure };
        const more = { quoteBudgetMinor, expiresAtMs, replaces };
        commands.push(market.placeCommand({ ...head, ...words, ...more }));
        expect(kind).toBe('place');
        return;
      }
      case 'cancel':
        commands.push({
          kind: 'cancel',
          ...head,
          userNumber: made.userNumber,
          orderNumber: Math.max(1, number - made.back),
        });
        return;
      case 'cancel_all':
        commands.push({ kind: 'cancel_all', ...head, userNumber: made.userNumber });
        return;
      case 'amend': {
        const { userNumber, priceTicks, quantityLots, back } = made;
        const orderNumber = Math.max(1, number - back);
        const holdIncreaseMinor = back % 4 === 0 ? '0' : '99999999999999999999999999999';
        const words = { userNumber, priceTicks, quantityLots, orderNumber, holdIncreaseMinor };
        commands.push({ kind: 'amend', ...head, ...words });
        return;
      }
      case 'configure':
        version += 1;
        commands.push({
          kind: 'configure_market',
          ...head,
          config: { ...(made.isInterruptible ? config : { ...SMALL_MARKET, feePolicy }), version },
          status: made.status,
          ...(made.scheduled === null
            ? {}
            : { schedule: [{ atMs: nowMs + 10, status: made.scheduled }] }),
        });
        return;
      case 'deadman':
        commands.push({
          kind: 'cancel_all_after',
          ...head,
          userNumber: made.userNumber,
          deadlineMs: made.inMs === null ? null : nowMs + made.inMs,
        });
        return;
      case 'block': {
        const { userNumber, isBlocked } = made;
        commands.push({ kind: 'block_user', ...head, userNumber, isBlocked });
        return;
      }
      case 'tick':
        nowMs += made.byMs;
        commands.push({ kind: 'tick', timeMs: nowMs });
        return;
      case 'repeat': {
        const repeated = commands[commands.length - 1 - made.back];
        if (repeated !== undefined) commands.push(repeated);
        return;
      }
    }
  });
  return commands;
}

export const flow = fc.tuple(
  fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }),
  fc.constantFrom('received' as const, 'quote' as const),
);
