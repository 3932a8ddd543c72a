// Random commands in an abstract form that shrinks well: small indexes that the maker turns into
// concrete commands against the present state of the book.
import fc from 'fast-check';
import type {
  CancelCondition,
  MarketStatus,
  SelfTradeMode,
  Side,
  TimeInForce,
  TriggerKind,
} from './naive-types.ts';

export const SELF_TRADE_MODES: readonly SelfTradeMode[] = [
  'cancel_taker',
  'cancel_maker',
  'cancel_both',
  'decrement',
  'none',
];
export const TIMES_IN_FORCE: readonly TimeInForce[] = ['GTC', 'IOC', 'FOK', 'GTD'];

/** Two configured markets and one that seldom is. */
export const MARKETS = ['BTC-USD', 'ETH-EUR', 'NEW-USD'] as const;
/** How many ways `market-variants.ts` can spell a market's configuration. */
export const VARIANTS = 8;

/** How a command gets its number; see `command-maker.ts`. */
export type Numbering = 'next' | 'skip' | 'late' | 'jump' | 'window_edge' | 'too_old';

interface Base {
  readonly market: number;
  readonly numbering: Numbering;
  readonly forwardMs: number;
}

export interface TriggerSpec {
  readonly kind: TriggerKind;
  /** Ticks from the last trade to where it is not reached yet; below 1 it is reached at once. */
  readonly away: number;
  /** Used instead, and where nothing has traded. */
  readonly price: number;
  readonly isFixed: boolean;
}

export interface PlaceSpec extends Base {
  readonly kind: 'place';
  readonly user: number;
  readonly side: Side;
  readonly sizing: 'limit' | 'market' | 'quote';
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly mode: SelfTradeMode;
  readonly price: number;
  readonly lots: number;
  readonly budgetExtra: number;
  readonly expiryMs: number;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  readonly trigger: TriggerSpec | null;
}

export interface TargetSpec extends Base {
  readonly pick: number;
  /** `ended` names an order that is no more, `foreign` somebody else's. */
  readonly target: 'resting' | 'waiting' | 'ended' | 'foreign';
}

export interface CancelSpec extends TargetSpec {
  readonly kind: 'cancel';
  readonly onlyIf: CancelCondition | null;
}

export interface AmendSpec extends TargetSpec {
  readonly kind: 'amend';
  readonly price: number | 'same';
  readonly lots: 'same' | 'less' | 'more' | 'not_above_gone' | 'too_large';
  readonly step: number;
  readonly hold: 'exact' | 'extra' | 'short';
}

export interface CancelAllSpec extends Base {
  readonly kind: 'cancel_all';
  readonly user: number;
  readonly side: Side | null;
}

export interface ConfigureSpec extends Base {
  readonly kind: 'configure';
  readonly variant: number;
  readonly status: MarketStatus;
  readonly isNewer: boolean;
}

export type Spec =
  | PlaceSpec
  | CancelSpec
  | AmendSpec
  | CancelAllSpec
  | ConfigureSpec
  | { readonly kind: 'tick'; readonly forwardMs: number }
  | { readonly kind: 'repeat'; readonly back: number }
  | { readonly kind: 'restore' };

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
  forwardMs: weighted([30, 0], [10, 1], [4, 7], [1, 40], [2, -5]),
};

const user = fc.nat({ max: 3 });
export const PRICE_MAX = 4_294_967_295;
/** Narrow, so that orders cross; at times the ends of the range. */
const price = mostly(
  24,
  fc.integer({ min: 96, max: 106 }),
  weighted([2, 1], [2, 2], [1, 70_000], [1, PRICE_MAX - 1], [1, PRICE_MAX]),
);
/** Small, so that orders fill exactly; at times beyond 32 bits and beyond what is allowed. */
const lots = mostly(
  14,
  fc.integer({ min: 2, max: 9 }),
  fc.oneof(
    fc.constant(1),
    fc.integer({ min: 10, max: 5_000 }),
    fc.integer({ min: 2 ** 32, max: 2 ** 43 }),
    fc.constantFrom(2 ** 43, 2 ** 43 + 1, Number.MAX_SAFE_INTEGER),
  ),
);
const feePpm = weighted([6, 0], [6, 1_000], [6, 2_000], [4, -500], [3, 333_333], [1, 1_000_000]);

const trigger: fc.Arbitrary<TriggerSpec> = record({
  kind: fc.constantFrom<TriggerKind>('stop_loss', 'take_profit'),
  away: weighted([8, 1], [8, 2], [4, 3], [2, 5], [2, 0], [1, -2]),
  price,
  isFixed: weighted([9, false], [1, true]),
});

const place: fc.Arbitrary<PlaceSpec> = record({
  kind: fc.constant('place'),
  ...base,
  user,
  side: fc.constantFrom<Side>('buy', 'sell'),
  sizing: weighted<PlaceSpec['sizing']>([12, 'limit'], [3, 'market'], [3, 'quote']),
  timeInForce: weighted<TimeInForce>([14, 'GTC'], [3, 'IOC'], [3, 'FOK'], [4, 'GTD']),
  postOnly: weighted([8, false], [1, true]),
  mode: fc.constantFrom(...SELF_TRADE_MODES),
  price,
  lots,
  budgetExtra: fc.nat({ max: 120 }),
  expiryMs: weighted([6, 10], [4, 3], [2, 60], [1, 0], [1, -4]),
  makerFeePpm: feePpm,
  takerFeePpm: feePpm,
  trigger: fc.oneof(
    { withCrossShrink: true },
    { weight: 8, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: trigger },
  ),
});

const target = {
  ...base,
  pick: fc.nat({ max: 200 }),
  target: weighted<TargetSpec['target']>(
    [14, 'resting'],
    [1, 'waiting'],
    [1, 'ended'],
    [1, 'foreign'],
  ),
};

const cancel: fc.Arbitrary<CancelSpec> = record({
  kind: fc.constant('cancel'),
  ...target,
  onlyIf: weighted<CancelCondition | null>([2, null], [1, 'new'], [1, 'partially_filled']),
});

const amend: fc.Arbitrary<AmendSpec> = record({
  kind: fc.constant('amend'),
  ...target,
  price: fc.oneof(
    { weight: 2, arbitrary: fc.constant<'same'>('same') },
    { weight: 3, arbitrary: price },
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

const configure: fc.Arbitrary<ConfigureSpec> = record({
  kind: fc.constant('configure'),
  ...base,
  variant: fc.nat({ max: VARIANTS - 1 }),
  status: weighted<MarketStatus>(
    [24, 'trading'],
    [1, 'cancel_only'],
    [1, 'halted'],
    [2, 'post_only'],
    [2, 'limit_only'],
  ),
  isNewer: weighted([6, true], [1, false]),
});

export const specs: fc.Arbitrary<Spec> = fc.oneof(
  { weight: 120, arbitrary: place },
  { weight: 16, arbitrary: cancel },
  { weight: 22, arbitrary: amend },
  { weight: 2, arbitrary: cancelAll },
  { weight: 6, arbitrary: configure },
  {
    weight: 3,
    arbitrary: record({ kind: fc.constant('tick'), forwardMs: fc.nat({ max: 9 }) }),
  },
  {
    weight: 5,
    arbitrary: record({ kind: fc.constant('repeat'), back: fc.nat({ max: 300 }) }),
  },
  { weight: 3, arbitrary: record({ kind: fc.constant('restore') }) },
);
