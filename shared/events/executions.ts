// What the engine did: the topic engine.executions. One record packs what one input batch did, by
// market; each event has its own number in its market's gapless sequence.
import { z } from 'zod';
import { FEE_POLICIES, MARKET_STATUSES, PHASE_CAUSES } from '../domain/market.ts';
import { ARMED_KINDS, END_STATUSES, SELF_TRADE_PREVENTIONS, SIDES } from '../domain/order.ts';
import {
  assetField,
  listIdField,
  lotsField,
  lotsOrZeroField,
  marketIdField,
  minorField,
  numberField,
  orderIdField,
  priceTicksField,
  ratePpmField,
  timeMsField,
  tradeIdField,
  userIdField,
} from './fields.ts';

const head = { sequence: numberField, timeMs: timeMsField };
/** The hold of a pair of orders; left out when the hold is the order's own. */
const holdId = listIdField.optional();
const orderHead = { ...head, orderId: orderIdField, userId: userIdField };

/** The remainder of an order rests on the book. */
const openedSchema = z.strictObject({
  kind: z.literal('opened'),
  ...orderHead,
  side: z.enum(SIDES),
  priceTicks: priceTicksField,
  remainingLots: lotsField,
});

/** A pegged order has taken its price from the book. What becomes of it follows. */
const peggedSchema = z.strictObject({
  kind: z.literal('pegged'),
  ...orderHead,
  priceTicks: priceTicksField,
  remainingLots: lotsField,
  /** What its hold was larger than this price needs. */
  releaseMinor: minorField,
});

/** An order waits, for its trigger price or its working order. It is in no book and no depth. */
const armedSchema = z.strictObject({
  kind: z.literal('armed'),
  ...orderHead,
  side: z.enum(SIDES),
  triggerKind: z.enum(ARMED_KINDS),
  /** As it is now; 0 for a trailing stop that is not active yet, and for `working_order`. */
  triggerPriceTicks: priceTicksField.or(z.literal(0)),
  remainingLots: lotsField,
});

/** An order waits no longer. What becomes of it follows, as for an order that was placed now. */
const triggeredSchema = z.strictObject({
  kind: z.literal('triggered'),
  ...orderHead,
  /** The trade that reached its trigger price or filled its working order, in the same market. */
  tradeSequence: numberField,
});

/** Two orders traded at the maker's price. Amounts in base units of their asset, exact. */
const tradeSchema = z.strictObject({
  kind: z.literal('trade'),
  ...head,
  tradeId: tradeIdField,
  priceTicks: priceTicksField,
  quantityLots: lotsField,
  baseMinor: minorField,
  quoteMinor: minorField,
  takerSide: z.enum(SIDES),
  taker: z.strictObject({
    orderId: orderIdField,
    userId: userIdField,
    feePpm: ratePpmField,
    remainingLots: lotsOrZeroField,
    /** What this trade takes out of the order's hold: what is paid, the fee if paid from the hold,
     *  and the price improvement, which returns to available. */
    holdMinor: minorField,
    holdId,
  }),
  maker: z.strictObject({
    orderId: orderIdField,
    userId: userIdField,
    feePpm: ratePpmField,
    remainingLots: lotsOrZeroField,
    holdMinor: minorField,
    holdId,
  }),
});

/** Two orders of one owner met and did not trade: what each of them loses, in lots. */
const preventedSchema = z.strictObject({
  kind: z.literal('prevented'),
  ...head,
  priceTicks: priceTicksField,
  /** The taker's, which decides. */
  mode: z.enum(SELF_TRADE_PREVENTIONS),
  takerSide: z.enum(SIDES),
  taker: z.strictObject({ orderId: orderIdField, userId: userIdField, lots: lotsOrZeroField }),
  maker: z.strictObject({ orderId: orderIdField, userId: userIdField, lots: lotsOrZeroField }),
});

/** Self-trade prevention took `preventedLots` off an order without a trade. */
const reducedSchema = z.strictObject({
  kind: z.literal('reduced'),
  ...orderHead,
  preventedLots: lotsField,
  remainingLots: lotsOrZeroField,
  releaseMinor: minorField,
  holdId,
});

/** An order ended, filled orders included. `releaseMinor` is exactly what is left of its hold. */
const endedSchema = z.strictObject({
  kind: z.literal('ended'),
  ...orderHead,
  status: z.enum(END_STATUSES),
  /** Null only for `filled`. */
  reason: z.string().nullable(),
  /** What was open when it ended; zero when filled. */
  cancelledLots: lotsOrZeroField,
  releaseMinor: minorField,
  holdId,
});

/** A resting order has a new price or quantity. */
const amendedSchema = z.strictObject({
  kind: z.literal('amended'),
  ...orderHead,
  commandNumber: numberField,
  priceTicks: priceTicksField,
  /** The new total quantity. */
  quantityLots: lotsField,
  remainingLots: lotsField,
  priorityKept: z.boolean(),
  releaseMinor: minorField,
});

/**
 * A cancel, amend or other command on a user's orders had no effect. `releaseMinor` gives back an
 * amend's hold increase.
 */
const refusedSchema = z.strictObject({
  kind: z.literal('refused'),
  ...head,
  commandNumber: numberField,
  userId: userIdField,
  /** Null for a command that names no order. */
  orderId: orderIdField.nullable(),
  reason: z.string(),
  releaseMinor: minorField,
});

/** The user's dead-man deadline in this market; null when there is none any more. */
const deadmanSetSchema = z.strictObject({
  kind: z.literal('deadman_set'),
  ...head,
  commandNumber: numberField,
  userId: userIdField,
  deadlineMs: timeMsField.nullable(),
});

/** The clock has reached a user's deadline. The ends of the user's orders follow. */
const deadmanFiredSchema = z.strictObject({
  kind: z.literal('deadman_fired'),
  ...head,
  userId: userIdField,
  deadlineMs: timeMsField,
});

/** A user is blocked in this market, or no longer. The ends of the user's orders follow. */
const userBlockedSchema = z.strictObject({
  kind: z.literal('user_blocked'),
  ...head,
  commandNumber: numberField,
  userId: userIdField,
  isBlocked: z.boolean(),
});

/** The market has a new configuration or status. */
const configuredSchema = z.strictObject({
  kind: z.literal('configured'),
  ...head,
  version: numberField,
  status: z.enum(MARKET_STATUSES),
});

/** The market has another status by itself, not by a configuration. */
const phaseChangedSchema = z.strictObject({
  kind: z.literal('phase_changed'),
  ...head,
  status: z.enum(MARKET_STATUSES),
  cause: z.enum(PHASE_CAUSES),
  /** When the next phase of an interruption begins; null otherwise. */
  untilMs: timeMsField.nullable(),
  /** What a trade was too far away from; 0 unless an interruption begins. */
  referenceTicks: priceTicksField.or(z.literal(0)),
});

/** What an auction would come to now; price and lots are 0 when nothing would trade. */
const indicativeSchema = z.strictObject({
  kind: z.literal('indicative'),
  ...head,
  priceTicks: priceTicksField.or(z.literal(0)),
  lots: lotsOrZeroField,
  surplusSide: z.enum(SIDES).nullable(),
  surplusLots: lotsOrZeroField,
});

/** A crossed book trades at one price. Its trades follow. */
const uncrossedSchema = z.strictObject({
  kind: z.literal('uncrossed'),
  ...head,
  priceTicks: priceTicksField,
  lots: lotsField,
});

export const executionEventSchema = z.discriminatedUnion('kind', [
  openedSchema,
  peggedSchema,
  armedSchema,
  triggeredSchema,
  tradeSchema,
  preventedSchema,
  reducedSchema,
  endedSchema,
  amendedSchema,
  refusedSchema,
  deadmanSetSchema,
  deadmanFiredSchema,
  userBlockedSchema,
  configuredSchema,
  phaseChangedSchema,
  indicativeSchema,
  uncrossedSchema,
]);

/** A price level after the batch: total open lots at a price, zero when the level is gone. */
const depthChangeSchema = z.tuple([z.enum(SIDES), priceTicksField, lotsOrZeroField]);

/** What one input batch did to one market. */
export const executionsSchema = z.strictObject({
  market: marketIdField,
  base: assetField,
  quote: assetField,
  feePolicy: z.enum(FEE_POLICIES),
  /** Fencing token of the engine that wrote the record; not part of what is compared. */
  epoch: numberField,
  firstSequence: numberField,
  lastSequence: numberField,
  events: z.array(executionEventSchema).min(1),
  /** Levels that changed, as they are after `lastSequence`. */
  depth: z.array(depthChangeSchema),
});

/**
 * One record: each delivery costs its consumers more than its content, so the markets of a batch
 * travel together. A market may be in it more than once, in sequence.
 */
export const executedSchema = z.strictObject({ outputs: z.array(executionsSchema).min(1) });

export type ExecutionEvent = z.infer<typeof executionEventSchema>;
export type OpenedEvent = z.infer<typeof openedSchema>;
export type PeggedEvent = z.infer<typeof peggedSchema>;
export type ArmedEvent = z.infer<typeof armedSchema>;
export type TriggeredEvent = z.infer<typeof triggeredSchema>;
export type TradeEvent = z.infer<typeof tradeSchema>;
export type PreventedEvent = z.infer<typeof preventedSchema>;
export type ReducedEvent = z.infer<typeof reducedSchema>;
export type EndedEvent = z.infer<typeof endedSchema>;
export type AmendedEvent = z.infer<typeof amendedSchema>;
export type RefusedEvent = z.infer<typeof refusedSchema>;
export type DeadmanSetEvent = z.infer<typeof deadmanSetSchema>;
export type DeadmanFiredEvent = z.infer<typeof deadmanFiredSchema>;
export type UserBlockedEvent = z.infer<typeof userBlockedSchema>;
export type ConfiguredEvent = z.infer<typeof configuredSchema>;
export type PhaseChangedEvent = z.infer<typeof phaseChangedSchema>;
export type IndicativeEvent = z.infer<typeof indicativeSchema>;
export type UncrossedEvent = z.infer<typeof uncrossedSchema>;
export type DepthChange = z.infer<typeof depthChangeSchema>;
export type Executions = z.infer<typeof executionsSchema>;
export type Executed = z.infer<typeof executedSchema>;
