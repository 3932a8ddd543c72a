// What a caller asks for, once parsed, and what is decided of it.
import type { CancelCondition, ReplaceFailure, Side } from '../../../shared/domain/order.ts';
import type { AmendOrderBody, PlaceOrderBody } from '../schema.ts';
import type { ListType } from '../schema/order-lists.ts';
import type { RequestKey } from './accept-context.ts';
import type { Asker } from './caller-limits.ts';
import type { AcceptedList } from './list.ts';
import type { OrderRow } from './order-row.ts';
import type { AcceptedOrder } from './place.ts';
import type { MarketTerms } from './size.ts';

export interface PlaceIntent extends Asker {
  readonly kind: 'place';
  readonly body: PlaceOrderBody;
  readonly keys: readonly RequestKey[];
  /** SHA-256 of the request, hex: tells a repeat from another request under the same key. */
  readonly requestHash: string;
  /** Left out by an order that is to take the place of none. */
  readonly replaces?: Replacement;
}

/** Two or three orders of which one decides about another. */
export interface PlaceListIntent extends Asker {
  readonly kind: 'place_list';
  readonly type: ListType;
  readonly market: string;
  readonly clientListId: string | null;
  /** The working order first, if there is one. */
  readonly orders: readonly PlaceOrderBody[];
  /** Names of the list and of its orders. */
  readonly keys: readonly RequestKey[];
  /** SHA-256 of the request, hex. */
  readonly requestHash: string;
}

/** The order whose place a new one is to take, and what becomes of that when it cannot. */
export interface Replacement {
  readonly orderNumber: number;
  readonly onFailure: ReplaceFailure;
  /** What the order must be when the engine sees the command; null asks for nothing. */
  readonly onlyIf: CancelCondition | null;
}

export interface CancelIntent extends Asker {
  readonly kind: 'cancel';
  readonly orderNumber: number;
  /** What the order must be when the engine sees the cancel; null asks for nothing. */
  readonly onlyIf: CancelCondition | null;
}

export interface CancelAllIntent extends Asker {
  readonly kind: 'cancel_all';
  /** Null: wherever the user has open orders. */
  readonly market: string | null;
  /** Null: both. */
  readonly side: Side | null;
}

/** The dead-man switch: all orders end unless it is set anew in time. */
export interface CancelAllAfterIntent extends Asker {
  readonly kind: 'cancel_all_after';
  /** Null: every market. */
  readonly market: string | null;
  /** From the moment of acceptance on; 0 takes the deadline away. */
  readonly seconds: number;
}

export interface AmendIntent extends Asker {
  readonly kind: 'amend';
  readonly orderNumber: number;
  readonly body: AmendOrderBody;
}

/** What may mean several markets, and so several commands. */
export type WideIntent = CancelAllIntent | CancelAllAfterIntent;
export type Intent = PlaceIntent | PlaceListIntent | CancelIntent | AmendIntent | WideIntent;

export type Accepted =
  | { readonly kind: 'placed'; readonly order: AcceptedOrder; readonly commandNumber: number }
  | { readonly kind: 'list_placed'; readonly list: AcceptedList }
  /** The number is that of a list if a list was asked for and it was named itself. */
  | { readonly kind: 'replayed'; readonly orderNumber: number }
  | {
      readonly kind: 'changing';
      readonly order: OrderRow;
      readonly terms: MarketTerms;
      readonly commandNumber: number;
    }
  | { readonly kind: 'cancelling_all'; readonly markets: readonly string[] }
  | {
      readonly kind: 'deadline_set';
      readonly markets: readonly string[];
      /** Null: there is none any more. */
      readonly deadlineMs: number | null;
    };
