// Routes that read: one order, lists of orders, own trades.
import { z } from 'zod';
import { parseOrderId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { route, type HandlerResponse } from '../../../shared/function/definition.ts';
import { listAnswer, listPage } from '../../../shared/http/list.ts';
import { marketsToRead, refuseMarket } from '../decide/caller-limits.ts';
import {
  clientOrderParams,
  listOrdersQuery,
  listPreventedQuery,
  listTradesQuery,
  noQuery,
  orderAnswer,
  orderParams,
  preventedMatchAnswer,
  tradeAnswer,
} from '../schema.ts';
import { findOrder, findOrderByClientId, listFills, listOrders } from '../store/read.ts';
import { listPrevented } from '../store/read.ts';
import { askerOf } from './caller.ts';
import type { OrdersDeps } from './deps.ts';
import { presentFill, presentOrder, presentPrevented } from './present.ts';

export const getOrder = route({
  method: 'GET',
  path: '/v1/orders/{id}',
  summary: 'One own order.',
  params: orderParams,
  query: noQuery,
  answers: { 200: orderAnswer },
  refusals: ['PATH_INVALID', 'MARKET_NOT_ALLOWED', 'ORDER_NOT_FOUND'],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const orderNumber = parseOrderId(request.params.id);
    if (orderNumber === null) return reject('ORDER_NOT_FOUND');
    const { userNumber, limits } = askerOf(request);
    const found = await findOrder(deps.pool, userNumber, orderNumber);
    if (found === null) return reject('ORDER_NOT_FOUND');
    return refuseMarket(limits, found.order.market) ?? { status: 200, body: presentOrder(found) };
  },
});

const readByClientId = (path: string) =>
  route({
    method: 'GET',
    path,
    summary: 'The newest own order with this clientOrderId.',
    params: clientOrderParams,
    query: noQuery,
    answers: { 200: orderAnswer },
    refusals: ['PATH_INVALID', 'MARKET_NOT_ALLOWED', 'ORDER_NOT_FOUND'],
    handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
      const { clientOrderId } = request.params;
      const { userNumber, limits } = askerOf(request);
      const found = await findOrderByClientId(deps.pool, userNumber, clientOrderId);
      if (found === null) return reject('ORDER_NOT_FOUND');
      return refuseMarket(limits, found.order.market) ?? { status: 200, body: presentOrder(found) };
    },
  });

export const getOrderByClientId = readByClientId('/v1/orders/by-client-id/{clientOrderId}');
/** The path that it had first. */
export const getOrderOfClient = readByClientId('/v1/orders/client/{clientOrderId}');

/** The sort position of a cursor of these lists: one number. */
export const positionField = z.tuple([z.int().positive()]);

/** Null asks for all; a name that no order can have, for none. */
function wantedOrder(orderId: string | undefined): number | null {
  return orderId === undefined ? null : (parseOrderId(orderId) ?? 0);
}

export const listOwnOrders = route({
  method: 'GET',
  path: '/v1/orders',
  summary: 'Own orders, newest first.',
  query: listOrdersQuery,
  answers: { 200: listAnswer(orderAnswer) },
  refusals: ['QUERY_INVALID', 'MARKET_NOT_ALLOWED'],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const { market, status, limit, cursor } = request.query;
    const before = positionField.nullable().safeParse(cursor ?? null);
    if (!before.success) return reject('QUERY_INVALID', 'cursor is not of this list');
    const { userNumber, limits } = askerOf(request);
    const markets = marketsToRead(limits, market);
    if (isRejection(markets)) return markets;
    const orders = await listOrders(deps.pool, {
      userNumber,
      markets,
      openOnly: status !== 'all',
      before: before.data?.[0] ?? null,
      limit: limit + 1,
    });
    const page = listPage(orders, limit, presentOrder, ({ order }) => [order.orderNumber]);
    return { status: 200, body: page };
  },
});

export const listOwnTrades = route({
  method: 'GET',
  path: '/v1/trades',
  summary: 'Own trades with fee and liquidity, newest first.',
  query: listTradesQuery,
  answers: { 200: listAnswer(tradeAnswer) },
  refusals: ['QUERY_INVALID', 'MARKET_NOT_ALLOWED'],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const { market, orderId, limit, cursor } = request.query;
    const before = positionField.nullable().safeParse(cursor ?? null);
    if (!before.success) return reject('QUERY_INVALID', 'cursor is not of this list');
    const { userNumber, limits } = askerOf(request);
    const markets = marketsToRead(limits, market);
    if (isRejection(markets)) return markets;
    const fills = await listFills(deps.pool, {
      userNumber,
      markets,
      orderNumber: wantedOrder(orderId),
      before: before.data?.[0] ?? null,
      limit: limit + 1,
    });
    const page = listPage(fills, limit, presentFill, (fill) => [fill.fillNumber]);
    return { status: 200, body: page };
  },
});

export const listPreventedMatches = route({
  method: 'GET',
  path: '/v1/prevented-matches',
  summary: 'Matches of own orders that self-trade prevention kept from being trades, newest first.',
  query: listPreventedQuery,
  answers: { 200: listAnswer(preventedMatchAnswer) },
  refusals: ['QUERY_INVALID', 'MARKET_NOT_ALLOWED'],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const { market, orderId, limit, cursor } = request.query;
    const before = positionField.nullable().safeParse(cursor ?? null);
    if (!before.success) return reject('QUERY_INVALID', 'cursor is not of this list');
    const { userNumber, limits } = askerOf(request);
    const markets = marketsToRead(limits, market);
    if (isRejection(markets)) return markets;
    const matches = await listPrevented(deps.pool, {
      userNumber,
      markets,
      orderNumber: wantedOrder(orderId),
      before: before.data?.[0] ?? null,
      limit: limit + 1,
    });
    const page = listPage(matches, limit, presentPrevented, (match) => [match.matchNumber]);
    return { status: 200, body: page };
  },
});
