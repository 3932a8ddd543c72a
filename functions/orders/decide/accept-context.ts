// What a batch is decided on: read of the database before, and the same for every request in it.
import type { RiskReads } from './risk.ts';
import type { UserMarket, WideMarkets } from './touched.ts';

/**
 * A client's own name for a request: a clientOrderId or clientListId, or an Idempotency-Key header.
 * Names of lists are of their own.
 */
export interface RequestKey {
  readonly kind: 'client' | 'header' | 'list_client' | 'list_header';
  readonly key: string;
}

export interface KnownKey extends RequestKey {
  readonly userNumber: number;
  /** SHA-256 of the request, hex. */
  readonly requestHash: string;
  /** Of the order, or of the list. */
  readonly orderNumber: number;
}

export interface AcceptContext {
  /** The database's clock: one source of time for all instances. */
  readonly nowMs: number;
  /** Fresh command numbers, rising, one for each that was asked for. */
  readonly numbers: readonly number[];
  readonly openCounts: readonly (UserMarket & { readonly openOrders: number })[];
  readonly keys: readonly KnownKey[];
  /** Flags and limits of accounts; left out: none. */
  readonly risk?: RiskReads;
  /** Users who may only cancel; left out: none. */
  readonly blockedUsers?: readonly number[];
  /** Whose orders do not trade with each other; left out: nobody is in a group. */
  readonly tradeGroups?: readonly { readonly userNumber: number; readonly tradeGroup: number }[];
  /** Deadlines that were set before, locked, while their commands may not be in the log. */
  readonly deadlines?: readonly (UserMarket & { readonly unpublishedId: number | null })[];
}

/** What belongs together in a batch. */
export interface BatchPlan {
  /** The markets of requests that may mean several. */
  readonly wide: WideMarkets;
  /** Runs of requests that are all accepted, or none: where one begins, and where it has ended. */
  readonly allOrNone: ReadonlyMap<number, number>;
}

export interface UserAsset {
  readonly userNumber: number;
  readonly asset: string;
}

/** The available balance of a user, in base units, as it is locked in the database. */
export type ReadAvailable = (account: UserAsset) => bigint;
