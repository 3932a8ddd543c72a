// Routes for order lists: two or three orders that are accepted together, in one command, and of
// which one then decides about another.
import type { Pool } from '../../../shared/db/pool.ts';
import { parseListId } from '../../../shared/domain/ids.ts';
import { isEndStatus } from '../../../shared/domain/order.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { route, type HandlerResponse } from '../../../shared/function/definition.ts';
import { IDEMPOTENCY_REPLAYED, parseIdempotencyKey } from '../../../shared/http/idempotency-key.ts';
import { listAnswer, listPage } from '../../../shared/http/list.ts';
import type { RequestKey } from '../decide/accept-context.ts';
import { marketsToRead, refuseMarket, type Asker } from '../decide/caller-limits.ts';
import type { CancelIntent, PlaceListIntent } from '../decide/intent.ts';
import { noQuery } from '../schema.ts';
import {
  listListsQuery,
  listParams,
  orderListAnswer,
  placeListBody,
  type PlaceListBody,
} from '../schema/order-lists.ts';
import { findList, findNamedList, listLists, type ListWithOrders } from '../store/lists.ts';
import { askerOf } from './caller.ts';
import type { OrdersDeps } from './deps.ts';
import { KEY_REFUSALS, PLACE_REFUSALS, requestHash } from './place-intent.ts';
import { presentList, presentPlaced, presentRepeated } from './present-list.ts';
import { positionField } from './read-routes.ts';
import { submitOne } from './submit.ts';

export const placeList = route({
  method: 'POST',
  path: '/v1/order-lists',
  summary: 'Places two or three orders of which one decides about another: OCO, OTO, OTOCO.',
  query: noQuery,
  body: placeListBody,
  headers: ['Idempotency-Key'],
  answers: { 201: orderListAnswer },
  refusals: [
    ...PLACE_REFUSALS,
    ...KEY_REFUSALS,
    'ORDER_LIST_INVALID',
    'ORDER_LIST_CLIENT_ID_REUSED',
    'SERVICE_BUSY',
  ],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const key = parseIdempotencyKey(request.headers['idempotency-key']);
    if (isRejection(key)) return key;
    const asker = askerOf(request);
    const answer = await submitOne(deps, listIntent(asker, request.body, key), false);
    if (isRejection(answer)) return answer;
    const { accepted } = answer;
    if (accepted.kind === 'list_placed') {
      const body = presentPlaced(accepted.list);
      return { status: 201, headers: { location: `/v1/order-lists/${body.id}` }, body };
    }
    if (accepted.kind !== 'replayed') return reject('INTERNAL_ERROR');
    const found = await findNamedList(deps.pool, asker.userNumber, accepted.orderNumber);
    if (found === null) return reject('INTERNAL_ERROR');
    const body = presentRepeated(found);
    const location = `/v1/order-lists/${body.id}`;
    return { status: 201, headers: { location, ...IDEMPOTENCY_REPLAYED }, body };
  },
});

/** Each order may have a name of its own, and so may the list: any of them tells a repeat. */
function listIntent(asker: Asker, body: PlaceListBody, headerKey: string | null): PlaceListIntent {
  const { type, market, orders, clientListId = null } = body;
  const keys: RequestKey[] = [];
  if (headerKey !== null) keys.push({ kind: 'list_header', key: headerKey });
  if (clientListId !== null) keys.push({ kind: 'list_client', key: clientListId });
  for (const { clientOrderId } of orders) {
    if (clientOrderId !== undefined) keys.push({ kind: 'client', key: clientOrderId });
  }
  return {
    kind: 'place_list',
    ...asker,
    type,
    market,
    clientListId,
    orders: orders.map((order) => ({ ...order, market })),
    keys,
    requestHash: requestHash(body),
  };
}

export const listOwnLists = route({
  method: 'GET',
  path: '/v1/order-lists',
  summary: 'Own order lists with their orders, newest first.',
  query: listListsQuery,
  answers: { 200: listAnswer(orderListAnswer) },
  refusals: ['QUERY_INVALID', 'MARKET_NOT_ALLOWED'],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const { market, status, limit, cursor } = request.query;
    const before = positionField.nullable().safeParse(cursor ?? null);
    if (!before.success) return reject('QUERY_INVALID', 'cursor is not of this list');
    const { userNumber, limits } = askerOf(request);
    const markets = marketsToRead(limits, market);
    if (isRejection(markets)) return markets;
    const lists = await listLists(deps.pool, {
      userNumber,
      markets,
      openOnly: status !== 'all',
      before: before.data?.[0] ?? null,
      limit: limit + 1,
    });
    const page = listPage(lists, limit, presentList, ({ listNumber }) => [listNumber]);
    return { status: 200, body: page };
  },
});

export const getList = route({
  method: 'GET',
  path: '/v1/order-lists/{id}',
  summary: 'One own order list with its orders.',
  params: listParams,
  query: noQuery,
  answers: { 200: orderListAnswer },
  refusals: ['PATH_INVALID', 'MARKET_NOT_ALLOWED', 'ORDER_LIST_NOT_FOUND'],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const { userNumber, limits } = askerOf(request);
    const found = await findOwn(request.params.id, userNumber, deps.pool);
    if (found === null) return reject('ORDER_LIST_NOT_FOUND');
    return refuseMarket(limits, found.market) ?? { status: 200, body: presentList(found) };
  },
});

export const cancelList = route({
  method: 'DELETE',
  path: '/v1/order-lists/{id}',
  summary: 'Cancels every open order of a list. A cancel that races a fill loses cleanly.',
  params: listParams,
  query: noQuery,
  answers: { 202: orderListAnswer },
  refusals: [
    'PATH_INVALID',
    'MARKET_NOT_ALLOWED',
    'MARKET_MOVING',
    'ORDER_LIST_NOT_FOUND',
    'ORDER_LIST_ALREADY_DONE',
    'SERVICE_BUSY',
  ],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const asker = askerOf(request);
    const found = await findOwn(request.params.id, asker.userNumber, deps.commandPool);
    if (found === null) return reject('ORDER_LIST_NOT_FOUND');
    const foreign = refuseMarket(asker.limits, found.market);
    if (foreign !== null) return foreign;
    const intents = cancelIntents(found, asker);
    if (intents.length === 0) return reject('ORDER_LIST_ALREADY_DONE');
    const cancels = { intents, waits: false, allOrNone: false, batchKey: null };
    const answers = await deps.accepts.submit(cancels);
    if (isRejection(answers)) return answers;
    const refusals = answers.filter(isRejection);
    if (refusals.length < answers.length) return { status: 202, body: presentList(found) };
    // Between the look and the lock its last orders have ended, or nothing is taken just now.
    const [other] = refusals.filter(({ code }) => code !== 'ORDER_ALREADY_DONE');
    return other ?? reject('ORDER_LIST_ALREADY_DONE');
  },
});

async function findOwn(id: string, userNumber: number, pool: Pool): Promise<ListWithOrders | null> {
  const listNumber = parseListId(id);
  return listNumber === null ? null : findList(pool, userNumber, listNumber);
}

function cancelIntents({ orders }: ListWithOrders, asker: Asker): CancelIntent[] {
  return orders
    .filter(({ order }) => !isEndStatus(order.status))
    .map(({ order: { orderNumber } }) => ({
      kind: 'cancel',
      ...asker,
      orderNumber,
      onlyIf: null,
    }));
}
