// Routes for all orders of a user at once: cancel them now, or unless the user is heard of again.
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { route, type HandlerResponse } from '../../../shared/function/definition.ts';
import {
  cancelAllAfterAnswer,
  cancelAllAfterBody,
  cancelAllAnswer,
  cancelAllQuery,
  noQuery,
} from '../schema.ts';
import { askerOf } from './caller.ts';
import type { OrdersDeps } from './deps.ts';
import { formatTime } from './present.ts';
import { submitOne } from './submit.ts';

export const cancelAllOrders = route({
  method: 'DELETE',
  path: '/v1/orders',
  summary:
    'Cancels all own orders, of a market or of all, of one side or both: a command a market.',
  query: cancelAllQuery,
  answers: { 202: cancelAllAnswer },
  refusals: [
    'QUERY_INVALID',
    'MARKET_NOT_ALLOWED',
    'MARKET_NOT_FOUND',
    'MARKET_MOVING',
    'SERVICE_BUSY',
  ],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const { market = null, side = null } = request.query;
    const intent = { kind: 'cancel_all', ...askerOf(request), market, side } as const;
    const answer = await submitOne(deps, intent, false);
    if (isRejection(answer)) return answer;
    if (answer.accepted.kind !== 'cancelling_all') return reject('INTERNAL_ERROR');
    const { markets } = answer.accepted;
    return { status: 202, body: market === null ? { markets } : { market, markets } };
  },
});

export const cancelAllAfter = route({
  method: 'POST',
  path: '/v1/orders/cancel-all-after',
  summary: 'Dead-man switch: own orders end after so many seconds, unless it is set anew before.',
  query: noQuery,
  body: cancelAllAfterBody,
  answers: { 202: cancelAllAfterAnswer },
  refusals: [
    'BODY_INVALID',
    'MARKET_NOT_ALLOWED',
    'MARKET_NOT_FOUND',
    'MARKET_MOVING',
    'DEADMAN_MARKETS_TOO_MANY',
    'SERVICE_BUSY',
  ],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const { seconds, market = null } = request.body;
    const intent = { kind: 'cancel_all_after', ...askerOf(request), market, seconds } as const;
    const answer = await submitOne(deps, intent, false);
    if (isRejection(answer)) return answer;
    if (answer.accepted.kind !== 'deadline_set') return reject('INTERNAL_ERROR');
    const { markets, deadlineMs } = answer.accepted;
    const deadline = deadlineMs === null ? null : formatTime(deadlineMs);
    return { status: 202, body: { markets: markets.map((each) => ({ market: each, deadline })) } };
  },
});
