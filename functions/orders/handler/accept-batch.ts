// The one write path of orders: a batch of requests becomes one transaction (design decision 3)
// with rows, holds and outbox, and is published right after the commit. Order of arrival is the
// order of the log.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Outbox, OutboxRow } from '../../../shared/bus/outbox.ts';
import { withTransaction, type Pool, type Tx } from '../../../shared/db/pool.ts';
import { orderId, userId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import type { MarketCommand } from '../../../shared/events/commands.ts';
import { encodeEvent } from '../../../shared/events/envelope.ts';
import { lockBalances } from '../../../shared/ledger/lock-balances.ts';
import { increaseHolds, makeHolds } from '../../../shared/ledger/make-holds.ts';
import { BatchDecision, distinctUserMarkets, type Draft } from '../decide/batch.ts';
import type { Accepted, Intent, PlaceIntent } from '../decide/intent.ts';
import type { OrderRow } from '../decide/order-row.ts';
import { placeCommand, type AcceptedOrder } from '../decide/place.ts';
import {
  findUnpublishedOrders,
  insertOrders,
  lockOrders,
  markAmends,
  readForAccept,
  repeatUnpublished,
  type NewOrder,
} from '../store/accept.ts';
import type { Expected, Outcomes } from './outcomes.ts';

export interface AcceptDeps {
  readonly pool: Pool;
  readonly outbox: Outbox;
  readonly outcomes: Outcomes;
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
    const saved = await withTransaction(deps.pool, async (tx) => {
      const draft = await decideBatch(
        deps,
        tx,
        requests.map((request) => request.intent),
      );
      const outboxIds = await saveDraft(deps, tx, draft);
      return { decisions: draft.decisions, outboxIds };
    });
    const answers = saved.decisions.map((decision, at): Answer => {
      if (isRejection(decision)) return decision;
      // Before the record is published, so that the outcome cannot come too early to be heard.
      const waiting =
        requests[at]?.waits === true ? expect(deps.outcomes, requests[at], decision) : null;
      if (waiting !== null) expected.push(waiting);
      return { accepted: decision, expected: waiting };
    });
    publish(deps, saved.outboxIds);
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

async function decideBatch(deps: AcceptDeps, tx: Tx, intents: readonly Intent[]): Promise<Draft> {
  const changes = intents.flatMap((each) =>
    each.kind === 'cancel' || each.kind === 'amend' ? [each] : [],
  );
  const orders = changes.length === 0 ? new Map<number, OrderRow>() : await lockOrders(tx, changes);
  const userMarkets = distinctUserMarkets(intents, orders);
  const keys = intents.flatMap((each) =>
    each.kind === 'place' ? each.keys.map((key) => ({ ...key, userNumber: each.userNumber })) : [],
  );
  const { context, terms } = await readForAccept(tx, {
    numbers: intents.length,
    userMarkets,
    keys,
    withBestPrices: intents.some((each) => each.kind === 'place' && each.body.type === 'market'),
  });
  const batch = new BatchDecision(context, terms, orders, deps.openOrdersMax);
  batch.sizeAll(intents);
  const accounts = batch.accountsToLock().map(({ userNumber, asset }) => ({
    owner: userId(userNumber),
    asset,
  }));
  const balances = accounts.length === 0 ? null : await lockBalances(tx, accounts);
  return batch.decideAll(
    intents,
    ({ userNumber, asset }) => balances?.get(userId(userNumber), asset).availableMinor ?? 0n,
  );
}

async function saveDraft(deps: AcceptDeps, tx: Tx, draft: Draft): Promise<readonly number[]> {
  if (draft.commands.size === 0) return [];
  const cancelled = await findUnpublishedOrders(tx, draft.cancelledAll);
  const changed = new Set([...draft.changedOutboxIds, ...cancelled]);
  const foreign = [...changed].filter((id) => !deps.outbox.isOwn(id));
  const copies = await repeatUnpublished(tx, foreign);
  const markets = [...draft.commands];
  const rows = markets.map(([market, packed]) => packRecord(market, packed));
  const ids = await deps.outbox.insert(tx, [...copies, ...rows]);
  const idOfMarket = new Map(markets.map(([market], at) => [market, ids[copies.length + at] ?? 0]));
  await insertOrders(
    tx,
    draft.placed.map((placed) => toNewOrder(placed, idOfMarket)),
  );
  await markAmends(tx, draft.amends);
  await makeHolds(
    tx,
    draft.placed.map(({ order }) => ({
      holdId: orderId(order.orderNumber),
      owner: userId(order.userNumber),
      asset: order.sized.hold.asset,
      amountMinor: order.sized.hold.amountMinor,
    })),
  );
  await increaseHolds(
    tx,
    draft.amends
      .filter((amend) => amend.holdIncreaseMinor > 0n)
      .map((amend) => ({
        holdId: orderId(amend.orderNumber),
        amountMinor: amend.holdIncreaseMinor,
      })),
  );
  return ids;
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
