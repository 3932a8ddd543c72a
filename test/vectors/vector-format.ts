// What a file of conformance vectors may say: docs/conformance-vectors.md explains it with an
// example. Commands and events are open here; they are checked against shared/events once the
// defaults are filled in, so a new field of a command or a new kind of event is no new format.
import { z } from 'zod';
import { MARKET_STATUSES } from '../../shared/domain/market.ts';
import { SIDES } from '../../shared/domain/order.ts';
import {
  lotsField,
  lotsOrZeroField,
  numberField,
  priceTicksField,
} from '../../shared/events/fields.ts';

/** Names of what exchanges have, so that vectors can be found and counted by feature. */
export const FEATURES = [
  'Price-time priority',
  'Determinism',
  'Integer arithmetic',
  'LIMIT GTC',
  'IOC',
  'FOK',
  'GTD / GTT',
  'Day',
  'Post-only',
  'Market by base quantity',
  'Market by quote quantity',
  'Market protection / slippage band',
  'Stop-loss, stop-limit, take-profit(-limit)',
  'Trailing stop',
  'Iceberg',
  'Pegged',
  'OCO',
  'OTO / OTOCO / OPO',
  'STP: cancel taker / maker / both / decrement / none',
  'Amend keep priority',
  'Cancel-replace',
  'Cancel by id or client id; cancel restrictions',
  'Cancel-all per symbol / account',
  'Kill switch (admin)',
  'Dead-man switch (cancel after N s)',
  'Halts and statuses',
  'Auction (opening / re-open)',
  'Circuit breaker',
  'Price bands / filters',
  'Fat-finger limits',
  'Expiry/reject reasons',
  'Trade bust / adjust',
  // What an engine of its own does beside the features that its customers see.
  'Repeated and late commands',
  'Market configuration',
  'Holds and releases',
  'Depth',
] as const;

const openObject = z.record(z.string(), z.unknown());
const commandSchema = openObject.refine(({ kind }) => typeof kind === 'string', 'needs a kind');
const eventSchema = commandSchema;

const restingSchema = z.strictObject({
  orderId: numberField,
  priceTicks: priceTicksField,
  remainingLots: lotsField,
});

const bookSchema = z.strictObject({
  /** Best price first, at one price first come first. */
  buys: z.array(restingSchema),
  sells: z.array(restingSchema),
  /** Orders that wait for their trigger or their working order, by rising number. */
  waiting: z.array(numberField).default([]),
});

const givenSchema = z.strictObject({
  /** What differs from the default market; null for a market that was never configured. */
  market: openObject.nullable().default({}),
  status: z.enum(MARKET_STATUSES).default('trading'),
  commands: z.array(commandSchema).default([]),
  /** The kinds of all events until here: shows that the book is the one that was meant. */
  eventKinds: z.array(z.string()),
});

const stepSchema = z.strictObject({
  when: commandSchema,
  then: z.array(eventSchema),
  /** Levels that the command changed; not compared when left out. */
  depth: z.array(z.tuple([z.enum(SIDES), priceTicksField, lotsOrZeroField])).optional(),
});

export const vectorSchema = z.strictObject({
  /** The rule, in a sentence. */
  title: z.string().min(20).max(160).endsWith('.'),
  feature: z.enum(FEATURES),
  /** Where the rule is written. */
  source: z.array(z.string().min(10)).min(1),
  /** The calculation by hand, where the numbers do not speak for themselves. */
  notes: z.array(z.string()).min(1).optional(),
  given: givenSchema,
  steps: z.array(stepSchema).min(1),
  /** The whole book at the end; not compared when left out. */
  book: bookSchema.optional(),
});

export type Vector = z.infer<typeof vectorSchema>;
/** Keys and values of a command or event as the file has it. */
export type Fields = z.infer<typeof openObject>;
