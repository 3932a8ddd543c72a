// Everything one batch has decided and not yet written.
import type { ListId, OrderId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { MarketCommand } from '../../../shared/events/commands.ts';
import type { KnownKey } from './accept-context.ts';
import type { Accepted } from './intent.ts';
import type { AcceptedList } from './list.ts';
import type { LockedOrder } from './order-row.ts';
import type { AcceptedOrder } from './place.ts';
import type { UserMarket } from './touched.ts';

export type Decision = Accepted | Rejection;

/** What is to be locked of a user's balance, under the name by which it is taken. */
export interface NewHold {
  readonly holdId: OrderId | ListId;
  readonly userNumber: number;
  readonly asset: string;
  readonly amountMinor: bigint;
}

export interface Draft {
  readonly nowMs: number;
  /** One for each request, in order. */
  readonly decisions: Decision[];
  readonly commands: Map<string, { readonly shard: number; readonly commands: MarketCommand[] }>;
  readonly placed: {
    readonly order: AcceptedOrder;
    /** What it adds to the day's turnover. */
    readonly notionalMinor: bigint;
  }[];
  readonly lists: AcceptedList[];
  readonly keys: KnownKey[];
  readonly holds: NewHold[];
  readonly amends: {
    readonly orderNumber: number;
    readonly amendNumber: number;
    readonly holdIncreaseMinor: bigint;
    readonly userNumber: number;
    readonly market: string;
    /** What it adds to the day's turnover. */
    readonly notionalMinor: bigint;
  }[];
  /** Outbox rows of changed orders that are not in the log yet: they go before the change. */
  readonly changedOutboxIds: Set<number>;
  /** Whose orders of a market are all cancelled: the rows of all of them go before. */
  readonly cancelledAll: UserMarket[];
  readonly deadlines: (UserMarket & { readonly deadlineMs: number | null })[];
}

export function emptyDraft(nowMs: number): Draft {
  return {
    nowMs,
    decisions: [],
    commands: new Map(),
    placed: [],
    lists: [],
    keys: [],
    holds: [],
    amends: [],
    changedOutboxIds: new Set(),
    cancelledAll: [],
    deadlines: [],
  };
}

export function addCommand(
  draft: Draft,
  market: string,
  shard: number,
  command: MarketCommand,
): void {
  const packed = draft.commands.get(market) ?? { shard, commands: [] };
  packed.commands.push(command);
  draft.commands.set(market, packed);
}

/** Takes the last command of a market back. */
export function takeBackCommand(draft: Draft, market: string): void {
  const packed = draft.commands.get(market);
  packed?.commands.pop();
  if (packed?.commands.length === 0) draft.commands.delete(market);
}

/** What is not known to be in the log yet goes out before what is decided here. */
export function goesAfter(draft: Draft, before: Pick<LockedOrder, 'unpublishedId'>): void {
  if (before.unpublishedId !== null) draft.changedOutboxIds.add(before.unpublishedId);
}

/** If one of them is refused, none is taken: those that need not have been are told why. */
export function orNone(decisions: readonly Decision[]): readonly Decision[] {
  return decisions.map((each) => (isRejection(each) ? each : reject('ORDER_BATCH_REFUSED')));
}
