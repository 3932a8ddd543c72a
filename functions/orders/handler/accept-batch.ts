// The one write path of orders: a batch of requests becomes one transaction (design decision 3)
// with rows, holds and outbox, and is published right after the commit. Order of arrival is the
// order of the log.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { crashPoint } from '../../../shared/config/crash-point.ts';
import type { Outbox, OutboxRow } from '../../../shared/bus/outbox.ts';
import {
  sendTogether,
  withOpenedTransaction,
  type Pool,
  type Tx,
} from '../../../shared/db/pool.ts';
import { orderId, userId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { MarketCommand } from '../../../shared/events/commands.ts';
import { encodeEvent } from '../../../shared/events/envelope.ts';
import { lockBalances, type LockedBalances } from '../../../shared/ledger/lock-balances.ts';
import { increaseHolds, makeHolds, type NewHold } from '../../../shared/ledger/make-holds.ts';
import { BatchDecision, distinctUserMarkets } from '../decide/batch.ts';
import type { Draft, UserAsset } from '../decide/batch.ts';
import type { Accepted, Intent, PlaceIntent } from '../decide/intent.ts';
import type { LockedOrder } from '../decide/order-row.ts';
import { placeCommand, type AcceptedOrder } from '../decide/place.ts';
import { needsBestPrices } from '../decide/size.ts';
import {
  drawOutboxIds,
  findUnpublishedOrders,
  insertOrders,
  lockOrders,
  markAmends,
  readForAccept,
  repeatUnpublished,
  type NewOrder,
} from '../store/accept.ts';
import type { MarketAssets } from './market-assets.ts';
import type { Expected, Outcomes } from './outcomes.ts';

export interface AcceptDeps {
  readonly pool: Pool;
  readonly outbox: Outbox;
  readonly outcomes: Outcomes;
  readonly marketAssets: MarketAssets;
  /** Most open orders of one user in one market. */
  readonly openOrdersMax: number;
  readonly log: Logger;
}

export interface Request {
  readonly intent: Intent;
  /** True when the caller waits for the engine's outcome. */
  readonly waits: boolean;
}

/** `expected` is null when nobody waits, or when the request made no command to wait for. */
export type Answer =
  Rejection | { readonly accepted: Accepted; readonly expected: Expected | null };

/** Accepts or refuses each request, in order; resolves when what is accepted is durable. */
export async function acceptBatch(
  deps: AcceptDeps,
  requests: readonly Request[],
): Promise<readonly Answer[]> {
  if (deps.outbox.isFull) {
    // The log cannot keep up: what is accepted now would only wait, and be lost sight of.
    return requests.map(() => reject('SERVICE_BUSY', undefined, { retryAfterSeconds: 1 }));
  }
  const expected: Expected[] = [];
  try {
    const intents = requests.map((request) => request.intent);
    const saved = await withOpenedTransaction(
      deps.pool,
      (tx) => lockOrders(tx, changesOf(requests)),
      async (tx, orders) => {
        const decided = await decideBatch(deps, tx, intents, orders);
        const outboxIds = await saveDraft(deps, tx, decided);
        crashPoint('orders.accept.before-commit');
        return { decisions: decided.draft.decisions, outboxIds };
      },
    );
    crashPoint('orders.accept.after-commit');
    const answers = saved.decisions.map((decision, at): Answer => {
      if (isRejection(decision)) return decision;
      // Before the record is published, so that the outcome cannot come too early to be heard.
      const waiting =
        requests[at]?.waits === true ? expect(deps.outcomes, requests[at], decision) : null;
      if (waiting !== null) expected.push(waiting);
      return { accepted: decision, expected: waiting };
    });
    publish(deps, saved.outboxIds);
    crashPoint('orders.accept.before-answer');
    return answers;
  } catch (error) {
    for (const each of expected) each.forget();
    throw error;
  }
}

function expect(outcomes: Outcomes, request: Request, accepted: Accepted): Expected | null {
  const { kind } = request.intent;
  if (kind === 'cancel_all') return null;
  if (accepted.kind === 'placed') {
    return outcomes.expect(kind, accepted.order.orderNumber, accepted.commandNumber);
  }
  if (accepted.kind !== 'changing') return null;
  return outcomes.expect(kind, accepted.order.orderNumber, accepted.commandNumber);
}

/** Not awaited: the caller's answer rests on the commit. What fails here, the sweeper repeats. */
function publish(deps: AcceptDeps, outboxIds: readonly number[]): void {
  if (outboxIds.length === 0) return;
  deps.outbox.publishNow(outboxIds).catch((error: unknown) => {
    deps.log.warn({ err: error }, 'publishing failed; the sweeper will repeat it');
  });
}

type Change = Extract<Intent, { kind: 'cancel' | 'amend' }>;

function changesOf(requests: readonly Request[]): Change[] {
  return requests.flatMap(({ intent }) =>
    intent.kind === 'cancel' || intent.kind === 'amend' ? [intent] : [],
  );
}

interface Decided {
  readonly draft: Draft;
  /** One for each market, at least. */
  readonly outboxIds: readonly number[];
}

async function decideBatch(
  deps: AcceptDeps,
  tx: Tx,
  intents: readonly Intent[],
  orders: ReadonlyMap<number, LockedOrder>,
): Promise<Decided> {
  const userMarkets = distinctUserMarkets(intents, orders);
  const keys = intents.flatMap((each) =>
    each.kind === 'place' ? each.keys.map((key) => ({ ...key, userNumber: each.userNumber })) : [],
  );
  const likely = deps.marketAssets.accountsOf(intents, orders);
  const [{ context, terms, outboxIds }, early] = await sendTogether(tx, () => [
    readForAccept(tx, {
      numbers: intents.length,
      outboxIds: new Set(userMarkets.map((each) => each.market)).size,
      userMarkets,
      keys,
      withBestPrices: intents.some((each) => each.kind === 'place' && needsBestPrices(each.body)),
    }),
    likely === null ? null : lockAccounts(tx, likely),
  ]);
  deps.marketAssets.learn(terms.values());
  const batch = new BatchDecision(context, terms, orders, deps.openOrdersMax);
  batch.sizeAll(intents);
  const balances = early ?? (await lockAccounts(tx, batch.accountsToLock()));
  const draft = batch.decideAll(
    intents,
    ({ userNumber, asset }) => balances?.get(userId(userNumber), asset).availableMinor ?? 0n,
  );
  return { draft, outboxIds };
}

async function lockAccounts(
  tx: Tx,
  accounts: readonly UserAsset[],
): Promise<LockedBalances | null> {
  if (accounts.length === 0) return null;
  return lockBalances(
    tx,
    accounts.map(({ userNumber, asset }) => ({ owner: userId(userNumber), asset })),
  );
}

async function saveDraft(
  deps: AcceptDeps,
  tx: Tx,
  { draft, outboxIds }: Decided,
): Promise<readonly number[]> {
  if (draft.commands.size === 0) return [];
  const cancelled = await findUnpublishedOrders(tx, draft.cancelledAll);
  const changed = new Set([...draft.changedOutboxIds, ...cancelled]);
  const foreign = [...changed].filter((id) => !deps.outbox.isOwn(id));
  const copies = await repeatUnpublished(tx, foreign);
  const markets = [...draft.commands];
  const rows = [...copies, ...markets.map(([market, packed]) => packRecord(market, packed))];
  // Copies go before what was decided here, so they need the lower ids.
  const ids =
    copies.length === 0 ? outboxIds.slice(0, rows.length) : await drawOutboxIds(tx, rows.length);
  const idOfMarket = new Map(markets.map(([market], at) => [market, ids[copies.length + at] ?? 0]));
  await sendTogether(tx, () => [
    deps.outbox.insert(tx, rows, ids),
    insertOrders(
      tx,
      draft.placed.map((placed) => toNewOrder(placed, idOfMarket)),
    ),
    markAmends(tx, draft.amends),
    makeHolds(tx, draft.placed.map(toNewHold)),
    increaseHolds(
      tx,
      draft.amends
        .filter((amend) => amend.holdIncreaseMinor > 0n)
        .map((amend) => ({
          holdId: orderId(amend.orderNumber),
          amountMinor: amend.holdIncreaseMinor,
        })),
    ),
  ]);
  return ids;
}

function toNewHold({ order }: { readonly order: AcceptedOrder }): NewHold {
  return {
    holdId: orderId(order.orderNumber),
    owner: userId(order.userNumber),
    asset: order.sized.hold.asset,
    amountMinor: order.sized.hold.amountMinor,
  };
}

function toNewOrder(
  placed: { order: AcceptedOrder; intent: PlaceIntent },
  outboxIds: ReadonlyMap<string, number>,
): NewOrder {
  const { order, intent } = placed;
  return {
    command: placeCommand(order),
    market: order.body.market,
    clientOrderId: order.body.clientOrderId ?? null,
    quoteAmountMinor: order.sized.quoteAmountMinor?.toString() ?? null,
    isDay: order.body.timeInForce === 'DAY',
    outboxId: outboxIds.get(order.body.market) ?? 0,
    keys: intent.keys.map((key) => ({ ...key, requestHash: intent.requestHash })),
  };
}

/** One record a market: the engine gets what was accepted together, together. */
function packRecord(
  market: string,
  packed: { readonly shard: number; readonly commands: MarketCommand[] },
): OutboxRow {
  const event = encodeEvent(
    'commandsAccepted',
    market,
    { market, commands: packed.commands },
    { id: randomUUID(), source: '/bourse/orders', timeMs: packed.commands[0]?.timeMs ?? 0 },
  );
  const { topic, key, headers, data } = event;
  return { topic, partition: packed.shard, key, headers, value: data };
}
