// Routes that change one order: cancel and amend. Each is a command that enters the log.
import { parseOrderId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type ErrorCode } from '../../../shared/domain/rejection.ts';
import { ERROR_CODES, type Rejection } from '../../../shared/domain/rejection.ts';
import { route, type HandlerResponse } from '../../../shared/function/definition.ts';
import { PREFERENCE_APPLIED, parsePreferWait } from '../../../shared/http/prefer.ts';
import type { Intent } from '../decide/intent.ts';
import { withUnits } from '../decide/place.ts';
import {
  amendOrderBody,
  cancelQuery,
  clientOrderParams,
  noQuery,
  orderOutcomeAnswer,
  orderParams,
} from '../schema.ts';
import { findOrder, findOrderByClientId } from '../store/read.ts';
import { askerOf } from './caller.ts';
import type { OrdersDeps } from './deps.ts';
import type { Outcome } from './outcome-of.ts';
import { presentChanged } from './present-outcome.ts';
import { presentOrder } from './present.ts';
import { submitOne, whileListening } from './submit.ts';

const CANCEL_REFUSALS = [
  'PATH_INVALID',
  'QUERY_INVALID',
  'HEADER_INVALID',
  'MARKET_NOT_ALLOWED',
  'MARKET_MOVING',
  'ORDER_NOT_FOUND',
  'ORDER_ALREADY_DONE',
  'ORDER_CANCEL_CONDITION_UNMET',
  'SERVICE_BUSY',
] as const;

export const cancelOrder = route({
  method: 'DELETE',
  path: '/v1/orders/{id}',
  summary: 'Cancels an order. A cancel that races a fill loses cleanly.',
  params: orderParams,
  query: cancelQuery,
  headers: ['Prefer'],
  answers: { 200: orderOutcomeAnswer, 202: orderOutcomeAnswer },
  refusals: CANCEL_REFUSALS,
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const waitMs = parsePreferWait(request.headers['prefer']);
    if (isRejection(waitMs)) return waitMs;
    const orderNumber = parseOrderId(request.params.id);
    if (orderNumber === null) return reject('ORDER_NOT_FOUND');
    const onlyIf = request.query.onlyIf ?? null;
    const intent = { kind: 'cancel', ...askerOf(request), orderNumber, onlyIf } as const;
    return change(intent, waitMs, deps);
  },
});

export const cancelOrderByClientId = route({
  method: 'DELETE',
  path: '/v1/orders/by-client-id/{clientOrderId}',
  summary: 'Cancels the newest own order with this clientOrderId.',
  params: clientOrderParams,
  query: cancelQuery,
  headers: ['Prefer'],
  answers: { 200: orderOutcomeAnswer, 202: orderOutcomeAnswer },
  refusals: CANCEL_REFUSALS,
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const waitMs = parsePreferWait(request.headers['prefer']);
    if (isRejection(waitMs)) return waitMs;
    const asker = askerOf(request);
    const { clientOrderId } = request.params;
    const found = await findOrderByClientId(deps.commandPool, asker.userNumber, clientOrderId);
    if (found === null) return reject('ORDER_NOT_FOUND');
    const { orderNumber } = found.order;
    const onlyIf = request.query.onlyIf ?? null;
    return change({ kind: 'cancel', ...asker, orderNumber, onlyIf }, waitMs, deps);
  },
});

export const amendOrder = route({
  method: 'PATCH',
  path: '/v1/orders/{id}',
  summary: 'Changes price or quantity; only a smaller quantity keeps the place in the queue.',
  params: orderParams,
  query: noQuery,
  body: amendOrderBody,
  headers: ['Prefer'],
  answers: { 200: orderOutcomeAnswer, 202: orderOutcomeAnswer },
  refusals: [
    'PATH_INVALID',
    'BODY_INVALID',
    'MARKET_NOT_ALLOWED',
    'ACCOUNT_BLOCKED',
    'MARKET_HALTED',
    'MARKET_CANCEL_ONLY',
    'MARKET_POST_ONLY',
    'MARKET_CLOSING',
    'MARKET_DELISTED',
    'MARKET_MOVING',
    'ORDER_NOT_FOUND',
    'ORDER_ALREADY_DONE',
    'ORDER_AMEND_EMPTY',
    'ORDER_AMEND_PENDING',
    'ORDER_AMEND_NOT_ALLOWED',
    'ACCOUNT_FROZEN',
    'ACCOUNT_TRADING_DISABLED',
    'RISK_ORDER_QUANTITY_TOO_LARGE',
    'RISK_ORDER_NOTIONAL_TOO_LARGE',
    'RISK_OPEN_NOTIONAL_EXCEEDED',
    'RISK_POSITION_EXCEEDED',
    'RISK_TURNOVER_EXCEEDED',
    'RISK_ORDER_RATE_EXCEEDED',
    'ORDER_QUANTITY_BELOW_FILLED',
    'ORDER_PRICE_OFF_TICK',
    'ORDER_PRICE_OUT_OF_BAND',
    'ORDER_PRICE_OUT_OF_STATIC_BAND',
    'ORDER_PRICE_OUT_OF_DYNAMIC_BAND',
    'ORDER_QUANTITY_OFF_LOT',
    'ORDER_QUANTITY_TOO_SMALL',
    'ORDER_QUANTITY_TOO_LARGE',
    'ORDER_DISPLAY_QUANTITY_TOO_SMALL',
    'ORDER_NOTIONAL_TOO_SMALL',
    'ORDER_NOTIONAL_TOO_LARGE',
    'ORDER_POST_ONLY_WOULD_TAKE',
    'ORDER_FUNDS_INSUFFICIENT',
    'SERVICE_BUSY',
  ],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const waitMs = parsePreferWait(request.headers['prefer']);
    if (isRejection(waitMs)) return waitMs;
    const orderNumber = parseOrderId(request.params.id);
    if (orderNumber === null) return reject('ORDER_NOT_FOUND');
    const intent = { kind: 'amend', ...askerOf(request), orderNumber, body: request.body } as const;
    return change(intent, waitMs, deps);
  },
});

async function change(
  intent: Extract<Intent, { kind: 'cancel' | 'amend' }>,
  waitMs: number | null,
  deps: OrdersDeps,
): Promise<HandlerResponse | Rejection> {
  return whileListening(deps, waitMs, () => submit(intent, waitMs, deps));
}

async function submit(
  intent: Extract<Intent, { kind: 'cancel' | 'amend' }>,
  waitMs: number | null,
  deps: OrdersDeps,
): Promise<HandlerResponse | Rejection> {
  const answer = await submitOne(deps, intent, waitMs !== null);
  if (isRejection(answer)) return answer;
  const outcome = answer.expected === null ? null : await answer.expected.wait(waitMs ?? 0);
  const refusal = outcome === null ? null : refusalOf(intent.kind, outcome);
  if (refusal !== null) return refusal;
  const { accepted } = answer;
  if (accepted.kind !== 'changing') return reject('INTERNAL_ERROR');
  // An order without fills has no fees: its row, read when the change was accepted, is all of it.
  const found =
    outcome === null && accepted.order.filledLots === 0
      ? withUnits(accepted.order, accepted.terms.config)
      : await findOrder(deps.commandPool, intent.userNumber, intent.orderNumber);
  if (found === null) return reject('INTERNAL_ERROR');
  if (outcome === null) return { status: 202, body: presentOrder(found) };
  return { status: 200, headers: PREFERENCE_APPLIED, body: presentChanged(found, outcome) };
}

/** What the engine refused, or a cancel that came after the order had ended by itself. */
function refusalOf(kind: 'cancel' | 'amend', outcome: Outcome): Rejection | null {
  const { final } = outcome;
  if (final.kind === 'refused') {
    // The order was accepted once: that the engine has it no more means that it has ended.
    if (final.reason === 'ORDER_NOT_FOUND') return reject('ORDER_ALREADY_DONE');
    return isErrorCode(final.reason) ? reject(final.reason) : reject('INTERNAL_ERROR');
  }
  const lostRace =
    kind === 'cancel' && final.kind === 'ended' && final.reason !== 'ORDER_CANCELLED_BY_USER';
  return lostRace ? reject('ORDER_ALREADY_DONE', `it is ${final.status}`) : null;
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}
