// The route that replaces an order: one command cancels the old one and places the new, so nothing
// comes between. Until the engine has decided, both hold their funds.
import { orderId, parseOrderId } from '../../../shared/domain/ids.ts';
import { formatSteps } from '../../../shared/domain/market.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { route, type HandlerResponse } from '../../../shared/function/definition.ts';
import { IDEMPOTENCY_REPLAYED, parseIdempotencyKey } from '../../../shared/http/idempotency-key.ts';
import { PREFERENCE_APPLIED, parsePreferWait } from '../../../shared/http/prefer.ts';
import type { PlaceIntent } from '../decide/intent.ts';
import type { OrderWithUnits } from '../decide/order-row.ts';
import { acceptedRow } from '../decide/place.ts';
import {
  noQuery,
  orderParams,
  replaceAnswer,
  replaceOrderBody,
  type ReplaceAnswer,
} from '../schema.ts';
import { findOrder } from '../store/read.ts';
import { askerOf } from './caller.ts';
import type { OrdersDeps } from './deps.ts';
import type { Outcome } from './outcome-of.ts';
import { KEY_REFUSALS, PLACE_REFUSALS, placeIntent } from './place-intent.ts';
import { presentAccepted } from './present.ts';
import { presentOutcome } from './present-outcome.ts';
import { submitOne, whileListening } from './submit.ts';

export const replaceOrder = route({
  method: 'POST',
  path: '/v1/orders/{id}/replace',
  summary: 'Cancels an order and places another of its market, in one step of the engine.',
  params: orderParams,
  query: noQuery,
  body: replaceOrderBody,
  headers: ['Idempotency-Key', 'Prefer'],
  answers: { 201: replaceAnswer, 202: replaceAnswer },
  refusals: [
    'PATH_INVALID',
    ...PLACE_REFUSALS,
    ...KEY_REFUSALS,
    'ORDER_NOT_FOUND',
    'ORDER_REPLACE_MARKET_DIFFERS',
    'ORDER_REPLACE_CANCEL_FAILED',
    'HEADER_INVALID',
    'SERVICE_BUSY',
  ],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const waitMs = parsePreferWait(request.headers['prefer']);
    if (isRejection(waitMs)) return waitMs;
    const key = parseIdempotencyKey(request.headers['idempotency-key']);
    if (isRejection(key)) return key;
    const orderNumber = parseOrderId(request.params.id);
    if (orderNumber === null) return reject('ORDER_NOT_FOUND');
    const { onFailure = 'stop', onlyIf = null, ...body } = request.body;
    const replaces = { orderNumber, onFailure, onlyIf };
    const intent = placeIntent(askerOf(request), body, key, replaces);
    return whileListening(deps, waitMs, () => replace(intent, orderNumber, waitMs, deps));
  },
});

async function replace(
  intent: PlaceIntent,
  replacedNumber: number,
  waitMs: number | null,
  deps: OrdersDeps,
): Promise<HandlerResponse | Rejection> {
  const answer = await submitOne(deps, intent, waitMs !== null);
  if (isRejection(answer)) return answer;
  const { accepted, expected } = answer;
  if (accepted.kind !== 'placed' && accepted.kind !== 'replayed') return reject('INTERNAL_ERROR');
  const outcome = expected === null ? null : await expected.wait(waitMs ?? 0);
  const found =
    accepted.kind === 'placed'
      ? acceptedRow(accepted.order)
      : await findOrder(deps.pool, intent.userNumber, accepted.orderNumber);
  if (found === null) return reject('INTERNAL_ERROR');
  const order = presentAccepted(found);
  const headers: Record<string, string> = {
    location: `/v1/orders/${order.id}`,
    ...(accepted.kind === 'replayed' ? IDEMPOTENCY_REPLAYED : {}),
  };
  if (outcome === null) {
    const pending = { id: orderId(replacedNumber), cancelled: null, cancelledQuantity: null };
    const body: ReplaceAnswer = { result: 'pending', replaced: pending, order };
    return { status: waitMs === null ? 201 : 202, headers, body };
  }
  // The engine took nothing: the old order is as it was, and the new one never came to be.
  if (endedBy(outcome, 'ORDER_REPLACE_CANCEL_FAILED')) return reject('ORDER_REPLACE_CANCEL_FAILED');
  const body = presentReplaced(found, replacedNumber, outcome);
  return { status: 201, headers: { ...headers, ...PREFERENCE_APPLIED }, body };
}

function endedBy({ final }: Outcome, reason: string): boolean {
  return final.kind === 'ended' && final.reason === reason;
}

/** A new order that was refused after the old one was cancelled is told as a partial failure. */
function presentReplaced(
  found: OrderWithUnits,
  replacedNumber: number,
  outcome: Outcome,
): ReplaceAnswer {
  const { final, replaced } = outcome;
  const isRefused =
    final.kind === 'refused' || (final.kind === 'ended' && final.status === 'rejected');
  const whenCancelled = isRefused ? 'place_failed' : 'replaced';
  const whenNot = isRefused ? 'both_failed' : 'cancel_failed';
  const { lotSize } = found.units;
  return {
    result: replaced === null ? whenNot : whenCancelled,
    replaced: {
      id: orderId(replacedNumber),
      cancelled: replaced !== null,
      cancelledQuantity: replaced === null ? null : formatSteps(replaced.cancelledLots, lotSize),
    },
    order: presentOutcome(found, outcome),
  };
}
