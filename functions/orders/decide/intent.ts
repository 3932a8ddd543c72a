// What a caller asks for, once parsed, and what is decided of it.
import type { CancelCondition, Side } from '../../../shared/domain/order.ts';
import type { AmendOrderBody, PlaceOrderBody } from '../schema.ts';
import type { RequestKey } from './batch.ts';
import type { OrderRow } from './order-row.ts';
import type { AcceptedOrder } from './place.ts';
import type { MarketTerms } from './size.ts';

export interface PlaceIntent {
  readonly kind: 'place';
  readonly userNumber: number;
  readonly body: PlaceOrderBody;
  readonly keys: readonly RequestKey[];
  /** SHA-256 of the request, hex: tells a repeat from another request under the same key. */
  readonly requestHash: string;
}

export interface CancelIntent {
  readonly kind: 'cancel';
  readonly userNumber: number;
  readonly orderNumber: number;
  /** What the order must be when the engine sees the cancel; null asks for nothing. */
  readonly onlyIf: CancelCondition | null;
}

export interface CancelAllIntent {
  readonly kind: 'cancel_all';
  readonly userNumber: number;
  readonly market: string;
  /** Null: both. */
  readonly side: Side | null;
}

export interface AmendIntent {
  readonly kind: 'amend';
  readonly userNumber: number;
  readonly orderNumber: number;
  readonly body: AmendOrderBody;
}

export type Intent = PlaceIntent | CancelIntent | CancelAllIntent | AmendIntent;

export type Accepted =
  | { readonly kind: 'placed'; readonly order: AcceptedOrder; readonly commandNumber: number }
  | { readonly kind: 'replayed'; readonly orderNumber: number }
  | {
      readonly kind: 'changing';
      readonly order: OrderRow;
      readonly terms: MarketTerms;
      readonly commandNumber: number;
    }
  | { readonly kind: 'cancelling_all'; readonly market: string };
