// What random commands are mostly about in a run. Where all is drawn at once, what needs several
// rare things to come together comes too seldom: so a run is about trades, triggers, lists,
// auctions, or all.
import type { PlaceSpec } from './command-specs.ts';
import type { MarketStatus, TimeInForce } from './naive-types.ts';

type Weights<T> = readonly (readonly [number, T])[];

export interface Mood {
  readonly pricesFrom: number;
  readonly pricesTo: number;
  /** How often lots are between 2 and `lotsMax`, against once that they are not. */
  readonly usualLots: number;
  readonly lotsMax: number;
  readonly sizings: Weights<PlaceSpec['sizing']>;
  readonly timesInForce: Weights<TimeInForce>;
  /** How often an order has none of these, against once that it has. */
  readonly noPostOnly: number;
  readonly noTrigger: number;
  readonly noDisplay: number;
  readonly noPeg: number;
  /** Of 190 commands. */
  readonly lists: number;
  readonly configures: number;
  readonly switches: number;
  /** How often a configuration has none of these, against once that it has. */
  readonly noLimits: number;
  readonly noRule: number;
  readonly statuses: Weights<MarketStatus>;
  /** Of `market-variants.ts`. */
  readonly variants: Weights<number>;
}

export const EVERYTHING: Mood = {
  pricesFrom: 96,
  pricesTo: 106,
  usualLots: 14,
  lotsMax: 9,
  sizings: [
    [12, 'limit'],
    [3, 'market'],
    [3, 'quote'],
  ],
  timesInForce: [
    [14, 'GTC'],
    [3, 'IOC'],
    [4, 'FOK'],
    [4, 'GTD'],
  ],
  noPostOnly: 8,
  noTrigger: 5,
  noDisplay: 2,
  noPeg: 8,
  lists: 12,
  configures: 9,
  switches: 5,
  noLimits: 1,
  noRule: 1,
  statuses: [
    [120, 'trading'],
    [4, 'cancel_only'],
    [4, 'halted'],
    [18, 'post_only'],
    [10, 'limit_only'],
    [10, 'pre_open'],
    [24, 'auction'],
    [2, 'closing'],
    [1, 'delisted'],
  ],
  // Variant 2 refuses most of what is small, and so what was armed before.
  variants: [0, 1, 2, 2, 3, 4, 5, 6, 7].map((variant) => [1, variant]),
};

/** Mostly what refuses least. */
const OPEN_VARIANTS: Mood['variants'] = [
  [30, 0],
  ...[1, 3, 4, 5, 6, 7].map((variant) => [1, variant] as const),
];

/** Deep books, large takers, and little that disturbs them. */
const TRADES: Mood = {
  ...EVERYTHING,
  usualLots: 6,
  sizings: [
    [12, 'limit'],
    [4, 'market'],
    [4, 'quote'],
  ],
  timesInForce: [
    [14, 'GTC'],
    [3, 'IOC'],
    [8, 'FOK'],
    [2, 'GTD'],
  ],
  noTrigger: 20,
  noDisplay: 1,
  configures: 3,
  switches: 1,
  noLimits: 6,
  statuses: [
    [20, 'trading'],
    [6, 'post_only'],
    [1, 'limit_only'],
  ],
  variants: OPEN_VARIANTS,
};

/** Half of the orders wait, and most trades reach some. */
const TRIGGERS: Mood = {
  ...EVERYTHING,
  timesInForce: [
    [14, 'GTC'],
    [2, 'IOC'],
    [2, 'FOK'],
    [10, 'GTD'],
  ],
  noTrigger: 1,
  noDisplay: 1,
  lists: 36,
  configures: 10,
  switches: 4,
  statuses: [
    [30, 'trading'],
    [2, 'post_only'],
    [8, 'limit_only'],
    [1, 'auction'],
  ],
  // Quantities that were fine are too small or too large when they are triggered.
  variants: [0, 0, 0, 1, 2, 2, 2, 2, 3, 4, 5, 5].map((variant) => [1, variant]),
};

/** Cascades in markets that are interrupted, so that queues are left standing for a while. */
const INTERRUPTIONS: Mood = {
  ...TRIGGERS,
  lotsMax: 4,
  sizings: [
    [10, 'limit'],
    [5, 'market'],
    [2, 'quote'],
  ],
  configures: 7,
  switches: 1,
  noLimits: 12,
  noRule: 0,
  variants: OPEN_VARIANTS,
};

/** Many lists in a market that trades, is interrupted and goes on again. */
const LISTS: Mood = {
  ...EVERYTHING,
  usualLots: 12,
  lotsMax: 4,
  sizings: [
    [12, 'limit'],
    [2, 'market'],
  ],
  timesInForce: [
    [14, 'GTC'],
    [3, 'IOC'],
    [2, 'FOK'],
    [7, 'GTD'],
  ],
  noTrigger: 3,
  noDisplay: 3,
  lists: 70,
  configures: 10,
  switches: 4,
  noLimits: 1,
  noRule: 0,
  statuses: [
    [24, 'trading'],
    [1, 'post_only'],
    [2, 'limit_only'],
    [1, 'pre_open'],
    [6, 'auction'],
  ],
  variants: [...OPEN_VARIANTS, [6, 2]],
};

/** Orders gather, soon expire where they do not trade, and trade when the market opens. */
const AUCTIONS: Mood = {
  ...EVERYTHING,
  pricesFrom: 97,
  pricesTo: 104,
  usualLots: 30,
  lotsMax: 3,
  sizings: [
    [30, 'limit'],
    [1, 'market'],
    [1, 'quote'],
  ],
  timesInForce: [
    [12, 'GTC'],
    [1, 'IOC'],
    [1, 'FOK'],
    [12, 'GTD'],
  ],
  noPostOnly: 3,
  noTrigger: 8,
  configures: 18,
  switches: 1,
  noLimits: 8,
  noRule: 4,
  statuses: [
    [14, 'trading'],
    [2, 'post_only'],
    [2, 'limit_only'],
    [4, 'pre_open'],
    [16, 'auction'],
  ],
  variants: OPEN_VARIANTS,
};

/** Of 22 runs. */
export const MOODS: Weights<Mood> = [
  [4, EVERYTHING],
  [3, TRADES],
  [4, TRIGGERS],
  [3, INTERRUPTIONS],
  [4, LISTS],
  [4, AUCTIONS],
];
