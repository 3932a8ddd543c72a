// Everything the engine is asked to do, in the order it was accepted: the topic orders.accepted.
// One record packs the commands that one accepted batch made for one market.
import { z } from 'zod';
import {
  CANCEL_CONDITIONS,
  SELF_TRADE_PREVENTIONS,
  SIDES,
  TRIGGER_KINDS,
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
  timeMsField,
} from './fields.ts';

/** `number` names the command for ever and is how the engine knows a repeat. */
const commandHead = { number: numberField, timeMs: timeMsField };

/** The order waits until the market trades at this price or beyond: docs/engine.md, "Triggers". */
const triggerSchema = z.strictObject({
  kind: z.enum(TRIGGER_KINDS),
  priceTicks: priceTicksField,
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

export const configureMarketCommandSchema = z.strictObject({
  kind: z.literal('configure_market'),
  ...commandHead,
  config: marketConfigSchema,
  status: marketStatusField,
});

/** Moves the clock of every market on the shard. Only time inside commands reaches the engine. */
export const tickCommandSchema = z.strictObject({ kind: z.literal('tick'), timeMs: timeMsField });

export const marketCommandSchema = z.discriminatedUnion('kind', [
  placeCommandSchema,
  cancelCommandSchema,
  cancelAllCommandSchema,
  amendCommandSchema,
  configureMarketCommandSchema,
]);

export const commandsAcceptedSchema = z.strictObject({
  market: marketIdField,
  commands: z.array(marketCommandSchema).min(1),
});

export const clockTickedSchema = tickCommandSchema;

export type PlaceCommand = z.infer<typeof placeCommandSchema>;
export type CancelCommand = z.infer<typeof cancelCommandSchema>;
export type CancelAllCommand = z.infer<typeof cancelAllCommandSchema>;
export type AmendCommand = z.infer<typeof amendCommandSchema>;
export type ConfigureMarketCommand = z.infer<typeof configureMarketCommandSchema>;
export type TickCommand = z.infer<typeof tickCommandSchema>;
export type MarketCommand = z.infer<typeof marketCommandSchema>;
export type CommandsAccepted = z.infer<typeof commandsAcceptedSchema>;
