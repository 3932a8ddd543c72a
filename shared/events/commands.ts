// Everything the engine is asked to do, in the order it was accepted: the topic orders.accepted.
// One record packs the commands that one accepted batch made for one market.
import { z } from 'zod';
import {
  CANCEL_CONDITIONS,
  FIXED_TRIGGER_KINDS,
  PEG_OFFSET_MAX,
  PEG_SIDES,
  REPLACE_FAILURES,
  SELF_TRADE_PREVENTIONS,
  SIDES,
  TRADE_GROUP_MAX,
  TRAIL_BPS_MAX,
} from '../domain/order.ts';
import {
  lotsField,
  marketConfigSchema,
  marketIdField,
  marketStatusField,
  minorField,
  numberField,
  priceTicksField,
  ratePpmField,
  scheduleSchema,
  timeMsField,
} from './fields.ts';

/** `number` names the command for ever and is how the engine knows a repeat. */
const commandHead = { number: numberField, timeMs: timeMsField };

/** The order waits until the market trades at this price or beyond: docs/engine.md, "Triggers". */
const fixedTriggerSchema = z.strictObject({
  kind: z.enum(FIXED_TRIGGER_KINDS),
  priceTicks: priceTicksField,
});

/** The trigger price follows the best price that the market has traded at since it was active. */
const trailingTriggerSchema = z.strictObject({
  kind: z.literal('trailing_stop'),
  /** Distance of the trigger price from that best price. */
  trailBps: z.int().min(1).max(TRAIL_BPS_MAX),
  /** Left out by one that is active from placement. */
  activationPriceTicks: priceTicksField.optional(),
});

const triggerSchema = z.discriminatedUnion('kind', [fixedTriggerSchema, trailingTriggerSchema]);

/** The order that a new one takes the place of: docs/engine.md, "Replacing". */
const replacesSchema = z.strictObject({
  orderNumber: numberField,
  onFailure: z.enum(REPLACE_FAILURES),
  onlyIf: z.enum(CANCEL_CONDITIONS).optional(),
});

/** The order takes its price from the book when it enters it: docs/engine.md, "Pegs". */
const pegSchema = z.strictObject({
  to: z.enum(PEG_SIDES),
  /** Levels to look past, best first. */
  offsetLevels: z.int().min(0).max(PEG_OFFSET_MAX),
});

/** Numbers, not prefixed ids: this is the engine's own language. `number` is the order number. */
export const placeCommandSchema = z.strictObject({
  kind: z.literal('place'),
  ...commandHead,
  userNumber: numberField,
  side: z.enum(SIDES),
  type: z.enum(['limit', 'market']),
  timeInForce: z.enum(['GTC', 'IOC', 'FOK', 'GTD']),
  postOnly: z.boolean(),
  selfTradePrevention: z.enum(SELF_TRADE_PREVENTIONS),
  /** The limit; for a market order the worst price its hold covers. */
  priceTicks: priceTicksField,
  /** For a market order by quote amount: the most lots its hold covers. */
  quantityLots: lotsField,
  /**
   * Market orders by quote amount: what may be spent (buy) or is to be raised (sell), quote units.
   */
  quoteBudgetMinor: minorField.nullable(),
  /** GTD only: milliseconds since 1970. */
  expiresAtMs: timeMsField.nullable(),
  makerFeePpm: ratePpmField,
  takerFeePpm: ratePpmField,
  /** What the ledger holds for this order, in base units (sell) or quote units (buy). */
  holdMinor: minorField,
  /** Left out by an order that takes part at once. */
  trigger: triggerSchema.optional(),
  /** What an iceberg shows at a time; left out by any other order. */
  displayLots: lotsField.optional(),
  /** Orders of one group do not trade with each other; left out by a user without one. */
  tradeGroup: z.int().min(1).max(TRADE_GROUP_MAX).optional(),
  replaces: replacesSchema.optional(),
  /** `priceTicks` is the worst price that the order may take from the book then. */
  peg: pegSchema.optional(),
});

const listOrderSchema = placeCommandSchema.omit({
  kind: true,
  timeMs: true,
  userNumber: true,
  replaces: true,
});

/** Two or three orders of which one decides about another: docs/engine.md, "Lists". */
export const placeListCommandSchema = z.strictObject({
  kind: z.literal('place_list'),
  ...commandHead,
  userNumber: numberField,
  /** Its fill places `orders`; left out: these are placed at once. */
  working: listOrderSchema.optional(),
  /** Two are a pair: one ends the other. */
  orders: z.array(listOrderSchema).min(1).max(2),
});

export const cancelCommandSchema = z.strictObject({
  kind: z.literal('cancel'),
  ...commandHead,
  userNumber: numberField,
  orderNumber: numberField,
  /** Left out by a cancel without a condition. */
  onlyIf: z.enum(CANCEL_CONDITIONS).optional(),
});

export const cancelAllCommandSchema = z.strictObject({
  kind: z.literal('cancel_all'),
  ...commandHead,
  userNumber: numberField,
  /** Left out by a cancel of both sides. */
  side: z.enum(SIDES).optional(),
});

export const amendCommandSchema = z.strictObject({
  kind: z.literal('amend'),
  ...commandHead,
  userNumber: numberField,
  orderNumber: numberField,
  /** The new limit and the new total quantity (what is already gone counts into it). */
  priceTicks: priceTicksField,
  quantityLots: lotsField,
  /** What the ledger added to the order's hold for this amend; released again if not needed. */
  holdIncreaseMinor: minorField,
});

/** Dead-man switch: the user's orders end when the clock reaches the deadline. */
export const cancelAllAfterCommandSchema = z.strictObject({
  kind: z.literal('cancel_all_after'),
  ...commandHead,
  userNumber: numberField,
  /** Milliseconds since 1970; null takes the deadline away. */
  deadlineMs: timeMsField.nullable(),
});

/** Kill switch: ends a user's orders and refuses new ones, until the user is blocked no longer. */
export const blockUserCommandSchema = z.strictObject({
  kind: z.literal('block_user'),
  ...commandHead,
  userNumber: numberField,
  isBlocked: z.boolean(),
});

export const configureMarketCommandSchema = z.strictObject({
  kind: z.literal('configure_market'),
  ...commandHead,
  config: marketConfigSchema,
  status: marketStatusField,
  /** Changes of status to come; left out: none. */
  schedule: scheduleSchema.optional(),
});

/** Moves the clock of every market on the shard. Only time inside commands reaches the engine. */
export const tickCommandSchema = z.strictObject({ kind: z.literal('tick'), timeMs: timeMsField });

export const marketCommandSchema = z.discriminatedUnion('kind', [
  placeCommandSchema,
  placeListCommandSchema,
  cancelCommandSchema,
  cancelAllCommandSchema,
  amendCommandSchema,
  cancelAllAfterCommandSchema,
  blockUserCommandSchema,
  configureMarketCommandSchema,
]);

export const commandsAcceptedSchema = z.strictObject({
  market: marketIdField,
  commands: z.array(marketCommandSchema).min(1),
});

export const clockTickedSchema = tickCommandSchema;

export type PlaceCommand = z.infer<typeof placeCommandSchema>;
export type PlaceListCommand = z.infer<typeof placeListCommandSchema>;
export type ListOrder = z.infer<typeof listOrderSchema>;
export type CancelCommand = z.infer<typeof cancelCommandSchema>;
export type CancelAllCommand = z.infer<typeof cancelAllCommandSchema>;
export type AmendCommand = z.infer<typeof amendCommandSchema>;
export type CancelAllAfterCommand = z.infer<typeof cancelAllAfterCommandSchema>;
export type BlockUserCommand = z.infer<typeof blockUserCommandSchema>;
export type ConfigureMarketCommand = z.infer<typeof configureMarketCommandSchema>;
export type TickCommand = z.infer<typeof tickCommandSchema>;
export type MarketCommand = z.infer<typeof marketCommandSchema>;
export type CommandsAccepted = z.infer<typeof commandsAcceptedSchema>;
