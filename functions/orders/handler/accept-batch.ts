// The one write path of orders: a batch of requests becomes one transaction (design decision 3)
// with rows, holds and outbox, and is published right after the commit. Order of arrival is the
// order of the log.
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { crashPoint } from '../../../shared/config/crash-point.ts';
import type { Outbox, OutboxRow } from '../../../shared/bus/outbox.ts';
import { withDecidedTransaction } from '../../../shared/db/pool.ts';
import type { Pool, Tx } from '../../../shared/db/pool.ts';
import { orderId, userId } from '../../../shared/domain/ids.ts';
import { isRejection, reject } from '../../../shared/domain/rejection.ts';
import type { MarketCommand } from '../../../shared/events/commands.ts';
import { encodeEvent } from '../../../shared/events/envelope.ts';
import { increaseHolds, makeHolds } from '../../../shared/ledger/make-holds.ts';
import { BatchDecision } from '../decide/batch.ts';
import type { Draft } from '../decide/draft.ts';
import type { Accepted, Intent } from '../decide/intent.ts';
import { placeCommand } from '../decide/place.ts';
import { distinctUserMarkets, isWide } from '../decide/touched.ts';
import {
  drawOutboxIds,
  findUnpublishedOrders,
  markAmends,
  repeatUnpublished,
} from '../store/accept.ts';
import { insertBatches } from '../store/batch-keys.ts';
import { insertOrders, type NewOrder } from '../store/insert-orders.ts';
import { insertLists } from '../store/lists.ts';
import { saveDeadlines } from '../store/wide.ts';
import type { MarketAssets } from './market-assets.ts';
import { NamedBatches } from './named-batches.ts';
import { lockAccounts, openBatch, readRest, type Opened } from './read-batch.ts';
import type { Expected, Outcomes } from './outcomes.ts';
import { isCancelling, type Answer, type Answers } from './request.ts';
import type { Request } from './request.ts';

export interface AcceptDeps {
  readonly pool: Pool;
  readonly outbox: Outbox;
  readonly outcomes: Outcomes;
  readonly marketAssets: MarketAssets;
  /** Most open orders of one user in one market. */
  readonly openOrdersMax: number;
  readonly log: Logger;
}

/** Accepts or refuses each request, in order; resolves when what is accepted is durable. */
export async function acceptBatch(
  deps: AcceptDeps,
  requests: readonly Request[],
): Promise<readonly Answers[]> {
  const taken = requests.filter((request) => hasRoom(deps.outbox, request));
  const answers = taken.length === 0 ? [] : await acceptTaken(deps, taken);
  if (taken.length === requests.length) return answers;
  const answerOf = new Map(taken.map((request, at) => [request, answers[at]]));
  const busy = reject('SERVICE_BUSY', undefined, { retryAfterSeconds: 1 });
  return requests.map((request) => answerOf.get(request) ?? busy);
}

/**
 * False while the log cannot keep up: what is placed now would only wait, and be lost sight of. A
 * cancel may wait: there is nothing that its owner could do instead.
 */
function hasRoom({ isFull, isOverfull }: Outbox, request: Request): boolean {
  return isCancelling(request) ? !isOverfull : !isFull;
}

async function acceptTaken(
  deps: AcceptDeps,
  requests: readonly Request[],
): Promise<readonly Answers[]> {
  const expected: Expected[] = [];
  try {
    const saved = await withDecidedTransaction(deps.pool, {
      open: (tx) => openBatch(deps, tx, requests),
      decide: async (tx, opened) => {
        const batches = new NamedBatches(requests, opened.batches);
        const decided = await decideBatch(deps, tx, batches.fresh, opened);
        const named = batches.learn(decided.draft.decisions);
        const records = await makeRecords(deps, tx, decided);
        crashPoint('orders.accept.before-commit');
        return { ...decided, batches, named, records };
      },
      write: (tx, { draft, named, records }) => [
        ...sendDraft(deps, tx, draft, records),
        insertBatches(tx, named, draft.nowMs),
      ],
    });
    crashPoint('orders.accept.after-commit');
    const answers = requests.map((request): Answers => {
      const decisions = saved.batches.decisionsOf(request);
      if (isRejection(decisions)) return decisions;
      return decisions.map((decision, at): Answer => {
        if (isRejection(decision)) return decision;
        // Before the record is published, so that the outcome cannot come too early to be heard.
        const waiting = request.waits ? expect(deps.outcomes, request.intents[at], decision) : null;
        if (waiting !== null) expected.push(waiting);
        return { accepted: decision, expected: waiting };
      });
    });
    publish(deps, saved.records.ids);
    crashPoint('orders.accept.before-answer');
    return answers;
  } catch (error) {
    for (const each of expected) each.forget();
    throw error;
  }
}

function expect(
  outcomes: Outcomes,
  intent: Intent | undefined,
  accepted: Accepted,
): Expected | null {
  if (intent === undefined || isWide(intent) || intent.kind === 'place_list') return null;
  const { kind } = intent;
  if (accepted.kind === 'placed') {
    const { order, commandNumber } = accepted;
    const replaces = order.replaces?.orderNumber ?? null;
    return outcomes.expect(kind, order.orderNumber, commandNumber, replaces);
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

interface Decided {
  readonly draft: Draft;
  /** One for each market, at least. */
  readonly outboxIds: readonly number[];
}

async function decideBatch(
  deps: AcceptDeps,
  tx: Tx,
  requests: readonly Request[],
  opened: Opened,
): Promise<Decided> {
  const { orders } = opened;
  const intents = requests.flatMap((request) => request.intents);
  const reads = await readRest(deps, tx, intents, opened);
  const { wide, deadlines } = reads;
  const { context, outboxIds, termsFor } = reads.accept;
  const terms = termsFor(distinctUserMarkets(intents, orders, wide));
  deps.marketAssets.learn(terms.values());
  const batch = new BatchDecision({ ...context, deadlines }, terms, orders, deps.openOrdersMax);
  batch.sizeAll(intents);
  const balances = reads.balances ?? (await lockAccounts(tx, batch.accountsToLock()));
  const draft = batch.decideAll(
    intents,
    ({ userNumber, asset }) => balances?.get(userId(userNumber), asset).availableMinor ?? 0n,
    { wide, allOrNone: wholesOf(requests) },
  );
  return { draft, outboxIds };
}

/** Where in the list of all intents those begin that are all or none, and where they have ended. */
function wholesOf(requests: readonly Request[]): Map<number, number> {
  const wholes = new Map<number, number>();
  let from = 0;
  for (const { intents, allOrNone } of requests) {
    if (allOrNone) wholes.set(from, from + intents.length);
    from += intents.length;
  }
  return wholes;
}

/** What goes to the log, with the ids under which it waits there. */
interface Records {
  readonly rows: readonly OutboxRow[];
  readonly ids: readonly number[];
  readonly idOfMarket: ReadonlyMap<string, number>;
}

async function makeRecords(
  deps: AcceptDeps,
  tx: Tx,
  { draft, outboxIds }: Decided,
): Promise<Records> {
  if (draft.commands.size === 0) return { rows: [], ids: [], idOfMarket: new Map() };
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
  return { rows, ids, idOfMarket };
}

/** Sends all at once: see `withDecidedTransaction`. */
function sendDraft(
  deps: AcceptDeps,
  tx: Tx,
  draft: Draft,
  { rows, ids, idOfMarket }: Records,
): readonly Promise<unknown>[] {
  if (rows.length === 0) return [];
  return [
    deps.outbox.insert(tx, rows, ids),
    insertOrders(
      tx,
      draft.placed.map((placed) => toNewOrder(placed, idOfMarket)),
      draft.keys.map((key) => ({ ...key, timeMs: draft.nowMs })),
      draft.amends.map(({ userNumber, market, notionalMinor }) => {
        return { userNumber, market, notionalMinor, timeMs: draft.nowMs };
      }),
    ),
    insertLists(tx, draft.lists),
    markAmends(tx, draft.amends),
    saveDeadlines(
      tx,
      draft.deadlines.map((each) => ({ ...each, outboxId: idOfMarket.get(each.market) ?? 0 })),
    ),
    makeHolds(
      tx,
      draft.holds.map(({ userNumber, ...hold }) => ({ ...hold, owner: userId(userNumber) })),
    ),
    increaseHolds(
      tx,
      draft.amends
        .filter((amend) => amend.holdIncreaseMinor > 0n)
        .map((amend) => ({
          holdId: orderId(amend.orderNumber),
          amountMinor: amend.holdIncreaseMinor,
        })),
    ),
  ];
}

function toNewOrder(
  placed: Draft['placed'][number],
  outboxIds: ReadonlyMap<string, number>,
): NewOrder {
  const { order, notionalMinor } = placed;
  return {
    command: placeCommand(order),
    market: order.body.market,
    clientOrderId: order.body.clientOrderId ?? null,
    quoteAmountMinor: order.sized.quoteAmountMinor?.toString() ?? null,
    isDay: order.body.timeInForce === 'DAY',
    outboxId: outboxIds.get(order.body.market) ?? 0,
    notionalMinor,
    list: order.list ?? null,
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
