// Draws abstract commands, so that every rule, refusal and edge is met often enough: coverage.ts
// says what has to be.
import fc from 'fast-check';
import {
  PRICE_MAX,
  SELF_TRADE_MODES,
  type AmendSpec,
  type BlockSpec,
  type CancelAllSpec,
  type CancelSpec,
  type ConfigureSpec,
  type DeadlineSpec,
  type ListShape,
  type ListSpec,
  type Numbering,
  type PlaceSpec,
  type ReplaceSpec,
  type ScheduleSpec,
  type Spec,
  type Target,
  type TriggerSpec,
} from './command-specs.ts';
import { EVERYTHING, MOODS, type Mood } from './random-moods.ts';
import { LIMIT_SETS, RULE_COUNT } from './market-variants.ts';
import type { CancelCondition, MarketStatus, Peg, Side, TriggerKind } from './naive-types.ts';

/** `weighted([3, a], [1, b])` draws a three times as often as b; the first shrinks best. */
function weighted<T>(...choices: readonly (readonly [number, T])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, v]) => ({ weight, arbitrary: fc.constant(v) })));
}

function mostly<T>(weight: number, usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: rare });
}

/** Plain objects, so that a counterexample can be read and pasted. */
function record<T>(model: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}

const base = {
  market: weighted([60, 0], [50, 1], [3, 2]),
  numbering: weighted<Numbering>(
    [200, 'next'],
    [24, 'skip'],
    [24, 'late'],
    [1, 'jump'],
    [2, 'window_edge'],
    [2, 'too_old'],
  ),
  // At times a second and more, so that auctions have something to tell.
  forwardMs: weighted([60, 0], [20, 1], [8, 7], [2, 40], [4, -5], [1, 700]),
};

const user = fc.nat({ max: 3 });
/** Narrow, so that orders cross; at times the ends of the range. */
const price = ({ pricesFrom, pricesTo }: Mood): fc.Arbitrary<number> =>
  mostly(
    24,
    fc.integer({ min: pricesFrom, max: pricesTo }),
    weighted([2, 1], [2, 2], [1, 70_000], [1, PRICE_MAX - 1], [1, PRICE_MAX]),
  );
/** Small, so that orders fill exactly; at times beyond 32 bits and beyond what is allowed. */
const lots = ({ usualLots, lotsMax }: Mood): fc.Arbitrary<number> =>
  mostly(
    usualLots,
    fc.integer({ min: 2, max: lotsMax }),
    fc.oneof(
      fc.constant(1),
      fc.integer({ min: 10, max: 5_000 }),
      fc.integer({ min: 2 ** 32, max: 2 ** 43 }),
      fc.constantFrom(2 ** 43, 2 ** 43 + 1, Number.MAX_SAFE_INTEGER),
    ),
  );
const feePpm = weighted([6, 0], [6, 1_000], [6, 2_000], [4, -500], [3, 333_333], [1, 1_000_000]);

const trigger = (mood: Mood): fc.Arbitrary<TriggerSpec> =>
  record({
    kind: fc.constantFrom<TriggerKind>('stop_loss', 'take_profit', 'trailing_stop'),
    // At prices around 100 these are one to five ticks; at times none, or half of it all.
    trailBps: weighted([6, 100], [4, 150], [4, 200], [2, 500], [1, 1], [1, 5_000]),
    hasPrice: weighted([1, false], [1, true]),
    away: weighted([8, 1], [8, 2], [4, 3], [2, 5], [2, 0], [1, -2]),
    price: price(mood),
    isFixed: weighted([9, false], [1, true]),
  });

const replaces: fc.Arbitrary<ReplaceSpec> = record({
  pick: fc.nat({ max: 200 }),
  target: weighted<Target>([6, 'resting'], [3, 'waiting'], [1, 'ended'], [1, 'foreign']),
  onFailure: weighted<ReplaceSpec['onFailure']>([1, 'stop'], [1, 'proceed']),
  onlyIf: weighted<CancelCondition | null>([2, null], [1, 'new'], [1, 'partially_filled']),
});

/** At times beyond the levels that there are. */
const peg: fc.Arbitrary<Peg> = record({
  to: fc.constantFrom<Peg['to']>('same', 'opposite'),
  offsetLevels: weighted([6, 0], [3, 1], [2, 2], [1, 3]),
});

/** Null mostly; so an option that an order has stays in the shrunk run only if it matters. */
function seldom<T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary },
  );
}

const place = (mood: Mood): fc.Arbitrary<PlaceSpec> =>
  record({
    kind: fc.constant('place'),
    ...base,
    user,
    side: fc.constantFrom<Side>('buy', 'sell'),
    sizing: weighted(...mood.sizings),
    timeInForce: weighted(...mood.timesInForce),
    postOnly: weighted([mood.noPostOnly, false], [1, true]),
    mode: fc.constantFrom(...SELF_TRADE_MODES),
    price: price(mood),
    lots: lots(mood),
    budgetExtra: fc.nat({ max: 120 }),
    expiryMs: weighted([6, 10], [4, 3], [2, 60], [1, 0], [1, -4]),
    makerFeePpm: feePpm,
    takerFeePpm: feePpm,
    trigger: seldom(mood.noTrigger, trigger(mood)),
    // 1 is below every minimum, and of most orders the large ones are no part.
    displayLots: seldom(
      mood.noDisplay,
      weighted([6, 2], [4, 3], [2, 4], [1, 1], [1, 50], [1, 2 ** 32]),
    ),
    tradeGroup: seldom(2, fc.constantFrom(7, 8)),
    replaces: seldom(12, replaces),
    peg: seldom(mood.noPeg, peg),
  });

const list = (mood: Mood): fc.Arbitrary<ListSpec> =>
  record({
    kind: fc.constant('place_list'),
    ...base,
    user,
    shape: weighted<ListShape>([3, 'pair'], [2, 'pending'], [3, 'pending pair']),
    working: place(mood),
    isTaking: weighted([2, false], [1, true]),
    orders: fc.tuple(place(mood), place(mood)),
    maker: weighted<ListSpec['maker']>([3, 'first'], [3, 'second'], [4, 'none']),
    trigger: trigger(mood),
  });

const target = {
  ...base,
  pick: fc.nat({ max: 200 }),
  target: weighted<Target>([12, 'resting'], [3, 'waiting'], [1, 'ended'], [1, 'foreign']),
};

const cancel: fc.Arbitrary<CancelSpec> = record({
  kind: fc.constant('cancel'),
  ...target,
  onlyIf: weighted<CancelCondition | null>([2, null], [1, 'new'], [1, 'partially_filled']),
});

const amend = (mood: Mood): fc.Arbitrary<AmendSpec> =>
  record({
    kind: fc.constant('amend'),
    ...target,
    price: fc.oneof(
      { weight: 2, arbitrary: fc.constant<'same'>('same') },
      { weight: 3, arbitrary: price(mood) },
    ),
    lots: weighted<AmendSpec['lots']>(
      [4, 'same'],
      [4, 'less'],
      [4, 'more'],
      [1, 'not_above_gone'],
      [1, 'too_large'],
    ),
    step: fc.integer({ min: 1, max: 5 }),
    hold: weighted<AmendSpec['hold']>([8, 'exact'], [3, 'extra'], [1, 'short']),
  });

const cancelAll: fc.Arbitrary<CancelAllSpec> = record({
  kind: fc.constant('cancel_all'),
  ...base,
  user,
  side: weighted<Side | null>([2, null], [1, 'buy'], [1, 'sell']),
});

const deadline: fc.Arbitrary<DeadlineSpec> = record({
  kind: fc.constant('cancel_all_after'),
  ...base,
  user,
  aheadMs: weighted<number | null>([4, 9], [4, 40], [4, 120], [3, null], [1, 0], [1, -4]),
  isAtDeadline: weighted([7, false], [1, true]),
});

const block: fc.Arbitrary<BlockSpec> = record({
  kind: fc.constant('block_user'),
  ...base,
  user,
  isBlocked: weighted([8, false], [1, true]),
});

const tick = record({
  kind: fc.constant<'tick'>('tick'),
  forwardMs: mostly(5, fc.nat({ max: 9 }), fc.constant(1_100)),
});

const repeat = record({ kind: fc.constant<'repeat'>('repeat'), back: fc.nat({ max: 300 }) });

const entry: fc.Arbitrary<ScheduleSpec> = record({
  afterMs: weighted([8, 6], [4, 1], [4, 15], [2, 40], [1, 1_200]),
  status: weighted<MarketStatus>(
    [40, 'trading'],
    [24, 'auction'],
    [8, 'pre_open'],
    [4, 'halted'],
    [4, 'cancel_only'],
    [4, 'post_only'],
    [4, 'limit_only'],
    [1, 'closing'],
    [2, 'delisted'],
  ),
});

const TRADING: ScheduleSpec = { afterMs: 12, status: 'trading' };

const configure = (mood: Mood): fc.Arbitrary<ConfigureSpec> =>
  record({
    kind: fc.constant('configure'),
    ...base,
    variant: weighted(...mood.variants),
    limits: mostly(mood.noLimits, fc.constant(0), fc.nat({ max: LIMIT_SETS - 1 })),
    rule: seldom(mood.noRule, fc.nat({ max: RULE_COUNT - 1 })),
    status: weighted(...mood.statuses),
    schedule: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(entry, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.array(entry, { maxLength: 2 }).map((list) => [...list, TRADING]) },
    ),
    isNewer: weighted([6, true], [1, false]),
  });

/** Commands as a mood draws them. */
export function specsOf(mood: Mood): fc.Arbitrary<Spec> {
  return fc.oneof(
    { weight: 120, arbitrary: place(mood) },
    { weight: mood.lists, arbitrary: list(mood) },
    { weight: 16, arbitrary: cancel },
    { weight: 22, arbitrary: amend(mood) },
    { weight: 2, arbitrary: cancelAll },
    { weight: mood.switches, arbitrary: deadline },
    { weight: mood.switches, arbitrary: block },
    { weight: mood.configures, arbitrary: configure(mood) },
    { weight: 3, arbitrary: tick },
    { weight: 5, arbitrary: repeat },
    { weight: 3, arbitrary: record({ kind: fc.constant('restore') }) },
  );
}

/** All that there is, each as often as seems fit. */
export const specs = specsOf(EVERYTHING);

/** Lists of commands, each in a mood of its own. */
export function specLists(lengthMax: number): fc.Arbitrary<Spec[]> {
  const size = { maxLength: lengthMax, size: 'max' } as const;
  return fc.oneof(
    ...MOODS.map(([weight, mood]) => ({ weight, arbitrary: fc.array(specsOf(mood), size) })),
  );
}
