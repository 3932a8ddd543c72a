// The wire shapes of the orders API.
import { z } from 'zod';
import { listQueryFields } from '../../shared/http/list.ts';
import { DECIMAL_PATTERN } from '../../shared/money/decimal.ts';
import { ORDER_STATUSES, ORDER_TYPES, SELF_TRADE_PREVENTIONS } from '../../shared/domain/order.ts';
import {
  CANCEL_CONDITIONS,
  FIXED_TRIGGER_KINDS,
  PEG_OFFSET_MAX,
  PEG_SIDES,
  REPLACE_FAILURES,
  SIDES,
  TIMES_IN_FORCE,
  TRAIL_BPS_MAX,
} from '../../shared/domain/order.ts';
import {
  AMEND_EXAMPLES,
  BATCH_ANSWER_EXAMPLES,
  CANCEL_ALL_AFTER_EXAMPLES,
  CANCEL_ALL_EXAMPLES,
  CANCEL_BATCH_EXAMPLES,
  DEADLINE_EXAMPLES,
  ORDER_EXAMPLES,
  OUTCOME_EXAMPLES,
  PLACE_BATCH_EXAMPLES,
  PLACE_EXAMPLES,
  PREVENTED_EXAMPLES,
  REPLACE_ANSWER_EXAMPLES,
  REPLACE_EXAMPLES,
  TEST_EXAMPLES,
  TRADE_EXAMPLES,
} from './schema/examples.ts';

/** Most orders of one batch, to be placed or to be cancelled. */
export const BATCH_ORDERS_MAX = 50;
/** A dead-man switch fires no sooner: a deadline must be longer than its way to the engine. */
export const DEADMAN_SECONDS_MIN = 5;
export const DEADMAN_SECONDS_MAX = 86_400;

/** What a caller may ask for. The engine knows no DAY: it is given the GTD that it means. */
const ASKED_TIMES_IN_FORCE = [...TIMES_IN_FORCE, 'DAY'] as const;

const decimal = z.string().regex(DECIMAL_PATTERN);
export const marketField = z.string().regex(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/);
export const clientOrderIdField = z.string().regex(/^[A-Za-z0-9_-]{1,36}$/);
const orderIdField = z.string().regex(/^ord_[0-9]{16}$/);
export const timeField = z.iso.datetime({ offset: false, precision: 3 });

/** The order waits until its market trades at this price or beyond. */
const fixedTriggerBody = z.strictObject({ type: z.enum(FIXED_TRIGGER_KINDS), price: decimal });

/** It waits until its market trades so far from the best price since it was active. */
const trailingTriggerBody = z.strictObject({
  type: z.literal('trailing_stop'),
  trailBps: z.int().min(1).max(TRAIL_BPS_MAX),
  activationPrice: z.exactOptional(decimal),
});

const triggerBody = z.discriminatedUnion('type', [fixedTriggerBody, trailingTriggerBody]);
export type TriggerBody = z.output<typeof triggerBody>;

/** The order takes its price from the book when it enters it; `price` is the worst it may take. */
const pegBody = z.strictObject({
  to: z.enum(PEG_SIDES),
  /** Levels to look past, best first; left out: none. */
  offsetLevels: z.exactOptional(z.int().min(0).max(PEG_OFFSET_MAX)),
});

/** Of an order, wherever it is placed. */
export const orderTerms = {
  side: z.enum(SIDES),
  type: z.enum(ORDER_TYPES),
  price: z.exactOptional(decimal),
  quantity: z.exactOptional(decimal),
  quoteAmount: z.exactOptional(decimal),
  /** What an iceberg shows at a time. */
  displayQuantity: z.exactOptional(decimal),
  timeInForce: z.exactOptional(z.enum(ASKED_TIMES_IN_FORCE)),
  expiresAt: z.exactOptional(z.iso.datetime({ offset: false })),
  postOnly: z.exactOptional(z.boolean()),
  selfTradePrevention: z.exactOptional(z.enum(SELF_TRADE_PREVENTIONS)),
  clientOrderId: z.exactOptional(clientOrderIdField),
  trigger: z.exactOptional(triggerBody),
  peg: z.exactOptional(pegBody),
};
const placeFields = { market: marketField, ...orderTerms };
export const placeOrderBody = z.strictObject(placeFields).meta({ examples: PLACE_EXAMPLES });
export type PlaceOrderBody = z.output<typeof placeOrderBody>;

/** An order that takes the place of another of its market. */
export const replaceOrderBody = z
  .strictObject({
    ...placeFields,
    /** What becomes of it when the other cannot be cancelled: `stop` refuses it. */
    onFailure: z.exactOptional(z.enum(REPLACE_FAILURES)),
    /** The other must be so, or it cannot be cancelled. */
    onlyIf: z.exactOptional(z.enum(CANCEL_CONDITIONS)),
  })
  .meta({ examples: REPLACE_EXAMPLES });

export const placeBatchBody = z
  .strictObject({
    orders: z.array(placeOrderBody).min(1).max(BATCH_ORDERS_MAX),
    /** All of them are accepted, or none is. */
    allOrNone: z.exactOptional(z.boolean()),
  })
  .meta({ examples: PLACE_BATCH_EXAMPLES });

const cancelItem = { onlyIf: z.exactOptional(z.enum(CANCEL_CONDITIONS)) };

export const cancelBatchBody = z
  .strictObject({
    orders: z
      .array(
        z.union([
          z.strictObject({ id: orderIdField, ...cancelItem }),
          z.strictObject({ clientOrderId: clientOrderIdField, ...cancelItem }),
        ]),
      )
      .min(1)
      .max(BATCH_ORDERS_MAX),
  })
  .meta({ examples: CANCEL_BATCH_EXAMPLES });
export type CancelBatchBody = z.output<typeof cancelBatchBody>;

export const cancelAllAfterBody = z
  .strictObject({
    /** From now on, by the clock of the exchange; 0 takes the deadline away. */
    seconds: z
      .int()
      .min(0)
      .max(DEADMAN_SECONDS_MAX)
      .refine(
        (seconds) => seconds === 0 || seconds >= DEADMAN_SECONDS_MIN,
        `must be 0, or at least ${DEADMAN_SECONDS_MIN}`,
      )
      .meta({ anyOf: [{ const: 0 }, { minimum: DEADMAN_SECONDS_MIN }] }),
    /** Left out: every market. */
    market: z.exactOptional(marketField),
  })
  .meta({ examples: CANCEL_ALL_AFTER_EXAMPLES });

export const amendOrderBody = z
  .strictObject({
    quantity: z.exactOptional(decimal),
    price: z.exactOptional(decimal),
  })
  .meta({ examples: AMEND_EXAMPLES });
export type AmendOrderBody = z.output<typeof amendOrderBody>;

export const orderParams = z.strictObject({ id: orderIdField });
export const clientOrderParams = z.strictObject({ clientOrderId: clientOrderIdField });
export const cancelAllQuery = z.strictObject({
  /** Left out: every market with own open orders. */
  market: z.exactOptional(marketField),
  side: z.exactOptional(z.enum(SIDES)),
});

/** The cancel is refused unless the order is new, or has been filled in part. */
export const cancelQuery = z.strictObject({
  onlyIf: z.exactOptional(z.enum(CANCEL_CONDITIONS)),
});

export const listOrdersQuery = z.strictObject({
  market: z.exactOptional(marketField),
  status: z.exactOptional(z.enum(['open', 'all'])),
  ...listQueryFields,
});

export const listTradesQuery = z.strictObject({
  market: z.exactOptional(marketField),
  orderId: z.exactOptional(orderIdField),
  ...listQueryFields,
});

export const listPreventedQuery = z.strictObject({
  market: z.exactOptional(marketField),
  orderId: z.exactOptional(orderIdField),
  ...listQueryFields,
});

export const noQuery = z.strictObject({});

const feeAnswer = z.strictObject({ asset: z.string(), amount: z.string() });

const triggerAnswer = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(FIXED_TRIGGER_KINDS), price: z.string() }),
  z.strictObject({
    type: z.literal('trailing_stop'),
    trailBps: z.int(),
    activationPrice: z.string().nullable(),
  }),
]);

const pegAnswer = z.strictObject({
  to: z.enum(PEG_SIDES),
  offsetLevels: z.int(),
  /** The worst price that it may take; `price` is the one that it has taken, once it has. */
  limitPrice: z.string(),
});

const orderFields = {
  id: z.string(),
  clientOrderId: z.string().nullable(),
  market: z.string(),
  side: z.enum(SIDES),
  type: z.enum(ORDER_TYPES),
  timeInForce: z.enum(ASKED_TIMES_IN_FORCE),
  postOnly: z.boolean(),
  selfTradePrevention: z.enum(SELF_TRADE_PREVENTIONS),
  price: z.string().nullable(),
  quantity: z.string().nullable(),
  quoteAmount: z.string().nullable(),
  /** Null for an order that shows all of itself. */
  displayQuantity: z.string().nullable(),
  expiresAt: timeField.nullable(),
  /** Null for an order that takes part at once. */
  trigger: triggerAnswer.nullable(),
  /** Null for an order that names its price. */
  peg: pegAnswer.nullable(),
  /** The order list that it was placed with; null for an order of its own. */
  orderListId: z.string().nullable(),
  /** The order whose place it was to take; its own `replacedBy` says whether it did. */
  replaces: z.string().nullable(),
  /** The order that has taken its place. */
  replacedBy: z.string().nullable(),
  filledQuantity: z.string(),
  filledQuote: z.string(),
  /** filledQuote / filledQuantity, rounded down to 18 decimals; null before the first fill. */
  averagePrice: z.string().nullable(),
  /** Null for an order sized by quote amount. */
  remainingQuantity: z.string().nullable(),
  status: z.enum(ORDER_STATUSES),
  reason: z.string().nullable(),
  fees: z.array(feeAnswer),
  createdAt: timeField,
  updatedAt: timeField,
};
export const orderAnswer = z.strictObject(orderFields).meta({ examples: ORDER_EXAMPLES });
export type OrderAnswer = z.output<typeof orderAnswer>;

const executedTradeAnswer = z.strictObject({
  tradeId: z.string(),
  price: z.string(),
  quantity: z.string(),
  fee: feeAnswer,
  liquidity: z.enum(['maker', 'taker']),
});
export type ExecutedTradeAnswer = z.output<typeof executedTradeAnswer>;

/** With `Prefer: wait` an order's answer also tells the trades that the command made. */
export const orderOutcomeAnswer = z
  .strictObject({
    ...orderFields,
    trades: z.exactOptional(z.array(executedTradeAnswer)),
  })
  .meta({ examples: OUTCOME_EXAMPLES });
export type OrderOutcomeAnswer = z.output<typeof orderOutcomeAnswer>;

export const tradeAnswer = z
  .strictObject({
    tradeId: z.string(),
    orderId: z.string(),
    market: z.string(),
    side: z.enum(SIDES),
    price: z.string(),
    quantity: z.string(),
    quoteQuantity: z.string(),
    fee: feeAnswer,
    liquidity: z.enum(['maker', 'taker']),
    time: timeField,
  })
  .meta({ examples: TRADE_EXAMPLES });
export type TradeAnswer = z.output<typeof tradeAnswer>;

/** A trade that self-trade prevention kept from being one, as one of its owners sees it. */
export const preventedMatchAnswer = z
  .strictObject({
    market: z.string(),
    /** The maker's, at which the orders met. */
    price: z.string(),
    /** The taker's, which decided. */
    selfTradePrevention: z.enum(SELF_TRADE_PREVENTIONS),
    /** Own orders only: two, or one whose counterpart is of another account of the trade group. */
    orders: z.array(
      z.strictObject({
        orderId: z.string(),
        side: z.enum(SIDES),
        liquidity: z.enum(['maker', 'taker']),
        /** What the match took off the order, perhaps nothing. */
        preventedQuantity: z.string(),
      }),
    ),
    time: timeField,
  })
  .meta({ examples: PREVENTED_EXAMPLES });
export type PreventedMatchAnswer = z.output<typeof preventedMatchAnswer>;

export const testOrderAnswer = z
  .strictObject({
    market: z.string(),
    /** What the order would lock. */
    hold: z.strictObject({ asset: z.string(), amount: z.string() }),
    /** The fee if the whole order took liquidity at its limit. */
    estimatedFee: z.strictObject({ asset: z.string(), amount: z.string() }),
  })
  .meta({ examples: TEST_EXAMPLES });

/** What became of both orders, as far as it is known. */
export const REPLACE_RESULTS = [
  /** Accepted; the engine has not said yet. */
  'pending',
  /** The old order is cancelled and the new one taken. */
  'replaced',
  /** The old order is cancelled, but the new one was refused: nothing has taken its place. */
  'place_failed',
  /** The old order could not be cancelled; the new one was taken beside it, as was asked for. */
  'cancel_failed',
  /** The old order could not be cancelled, and the new one was refused. */
  'both_failed',
] as const;

export const replaceAnswer = z
  .strictObject({
    result: z.enum(REPLACE_RESULTS),
    replaced: z.strictObject({
      id: z.string(),
      /** Null while the engine has not said. */
      cancelled: z.boolean().nullable(),
      /** What was left of it; null unless it was cancelled. */
      cancelledQuantity: z.string().nullable(),
    }),
    order: orderOutcomeAnswer,
  })
  .meta({ examples: REPLACE_ANSWER_EXAMPLES });
export type ReplaceAnswer = z.output<typeof replaceAnswer>;

const problemAnswer = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: z.string(),
  requestId: z.string(),
  errors: z.exactOptional(
    z.array(z.strictObject({ path: z.string(), code: z.string(), detail: z.string() })),
  ),
});

/** One result for each order of the batch, in its order: the order, or why it was refused. */
export const batchAnswer = z
  .strictObject({
    items: z.array(
      z.union([z.strictObject({ order: orderAnswer }), z.strictObject({ problem: problemAnswer })]),
    ),
  })
  .meta({ examples: BATCH_ANSWER_EXAMPLES });
export type BatchAnswer = z.output<typeof batchAnswer>;

export const cancelAllAnswer = z
  .strictObject({
    /** The one that was named; left out when none was. */
    market: z.exactOptional(z.string()),
    /** Where orders are being cancelled. */
    markets: z.array(z.string()),
  })
  .meta({ examples: CANCEL_ALL_EXAMPLES });

export const cancelAllAfterAnswer = z
  .strictObject({
    markets: z.array(
      z.strictObject({
        market: z.string(),
        /** When all own orders there end, unless it is set anew; null: not at all. */
        deadline: timeField.nullable(),
      }),
    ),
  })
  .meta({ examples: DEADLINE_EXAMPLES });
