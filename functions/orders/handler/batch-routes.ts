// Routes for many orders at once. What is malformed refuses the whole; by the rules of the exchange
// each order is judged for itself, one after the other, and has its own result.
import { parseOrderId } from '../../../shared/domain/ids.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { route, type HandlerResponse } from '../../../shared/function/definition.ts';
import { IDEMPOTENCY_REPLAYED, parseIdempotencyKey } from '../../../shared/http/idempotency-key.ts';
import { toProblem } from '../../../shared/http/problem.ts';
import type { Asker } from '../decide/caller-limits.ts';
import type { Accepted, CancelIntent } from '../decide/intent.ts';
import type { OrderWithUnits } from '../decide/order-row.ts';
import { acceptedRow, withUnits } from '../decide/place.ts';
import {
  batchAnswer,
  cancelBatchBody,
  noQuery,
  placeBatchBody,
  type BatchAnswer,
  type CancelBatchBody,
} from '../schema.ts';
import { findNumbersByClientIds, findOrders } from '../store/read.ts';
import { askerOf } from './caller.ts';
import type { OrdersDeps } from './deps.ts';
import { KEY_REFUSALS, PLACE_REFUSALS, placeIntent, requestHash } from './place-intent.ts';
import { presentAccepted, presentOrder } from './present.ts';
import type { Answer } from './request.ts';

interface Call {
  readonly path: string;
  readonly requestId: string;
}

export const placeBatch = route({
  method: 'POST',
  path: '/v1/orders/batch',
  summary: 'Places up to 50 orders, each with its own result; with allOrNone, all of them or none.',
  query: noQuery,
  body: placeBatchBody,
  headers: ['Idempotency-Key'],
  answers: { 200: batchAnswer },
  refusals: [...PLACE_REFUSALS, ...KEY_REFUSALS, 'ORDER_BATCH_REFUSED', 'SERVICE_BUSY'],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const key = parseIdempotencyKey(request.headers['idempotency-key']);
    if (isRejection(key)) return key;
    const asker = askerOf(request);
    const { userNumber } = asker;
    const { orders, allOrNone = false } = request.body;
    const answers = await deps.accepts.submit({
      intents: orders.map((body) => placeIntent(asker, body, null)),
      waits: false,
      allOrNone,
      batchKey: key === null ? null : { userNumber, key, requestHash: requestHash(request.body) },
    });
    if (isRejection(answers)) return answers;
    if (allOrNone && answers.some(isRejection)) return refuseWhole(answers);
    const repeated = answers.flatMap((each) =>
      !isRejection(each) && each.accepted.kind === 'replayed' ? [each.accepted.orderNumber] : [],
    );
    const found = await findOrders(deps.pool, userNumber, repeated);
    const accepted = answers.filter((each) => !isRejection(each)).length;
    const isRepeat = accepted > 0 && repeated.length === accepted;
    const present = (each: Accepted) => presentPlaced(each, found);
    return {
      status: 200,
      ...(isRepeat ? { headers: IDEMPOTENCY_REPLAYED } : {}),
      body: presentItems(answers, present, request),
    };
  },
});

function presentPlaced(accepted: Accepted, found: ReadonlyMap<number, OrderWithUnits>) {
  if (accepted.kind === 'placed') return presentAccepted(acceptedRow(accepted.order));
  const row = accepted.kind === 'replayed' ? found.get(accepted.orderNumber) : undefined;
  return row === undefined ? null : presentAccepted(row);
}

/** Why none was taken, with a pointer to each order that is to blame. */
function refuseWhole(answers: readonly Answer[]): Rejection {
  const blamed = answers.flatMap((answer, at) =>
    isRejection(answer) && answer.code !== 'ORDER_BATCH_REFUSED' ? [{ answer, at }] : [],
  );
  const errors = blamed.map(({ answer: { code, detail }, at }) => {
    return { path: `/orders/${at}`, code, detail };
  });
  // What will pass by itself is told as such: the same batch may be taken in a moment.
  const passing = blamed.find(({ answer }) => answer.retryAfterSeconds !== undefined)?.answer;
  return { ...(passing ?? reject('ORDER_BATCH_REFUSED')), errors };
}

export const cancelBatch = route({
  method: 'POST',
  path: '/v1/orders/batch-cancel',
  summary: 'Cancels up to 50 orders by id or clientOrderId, each with its own result.',
  query: noQuery,
  body: cancelBatchBody,
  answers: { 200: batchAnswer },
  refusals: ['BODY_INVALID', 'SERVICE_BUSY'],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const asker = askerOf(request);
    const { userNumber } = asker;
    const intents = await cancelIntents(asker, request.body, deps);
    const named = intents.filter((each) => each !== null);
    const submitted =
      named.length === 0
        ? []
        : await deps.accepts.submit({
            intents: named,
            waits: false,
            allOrNone: false,
            batchKey: null,
          });
    if (isRejection(submitted)) return submitted;
    const found = await findOrders(deps.commandPool, userNumber, filledOf(submitted));
    let next = 0;
    const answers = intents.map((intent): Answer => {
      if (intent === null) return reject('ORDER_NOT_FOUND');
      return submitted[next++] ?? reject('INTERNAL_ERROR');
    });
    const present = (each: Accepted) => presentCancelling(each, found);
    return { status: 200, body: presentItems(answers, present, request) };
  },
});

/** A wish for each order that is named; null where nobody knows the name. */
async function cancelIntents(
  asker: Asker,
  { orders }: CancelBatchBody,
  deps: OrdersDeps,
): Promise<(CancelIntent | null)[]> {
  const names = orders.flatMap((each) => ('clientOrderId' in each ? [each.clientOrderId] : []));
  const numbers = await findNumbersByClientIds(deps.commandPool, asker.userNumber, names);
  return orders.map((each) => {
    const orderNumber =
      'id' in each ? parseOrderId(each.id) : (numbers.get(each.clientOrderId) ?? null);
    if (orderNumber === null) return null;
    return { kind: 'cancel', ...asker, orderNumber, onlyIf: each.onlyIf ?? null };
  });
}

/** Only orders with fills have fees to be read. */
function filledOf(answers: readonly Answer[]): number[] {
  return answers.flatMap((each) => {
    if (isRejection(each) || each.accepted.kind !== 'changing') return [];
    const { filledLots, orderNumber } = each.accepted.order;
    return filledLots > 0 ? [orderNumber] : [];
  });
}

function presentCancelling(accepted: Accepted, found: ReadonlyMap<number, OrderWithUnits>) {
  if (accepted.kind !== 'changing') return null;
  const { order, terms } = accepted;
  return presentOrder(found.get(order.orderNumber) ?? withUnits(order, terms.config));
}

function presentItems(
  answers: readonly Answer[],
  present: (accepted: Accepted) => ReturnType<typeof presentOrder> | null,
  { path, requestId }: Call,
): BatchAnswer {
  const items = answers.map((answer) => {
    const order = isRejection(answer) ? null : present(answer.accepted);
    if (order !== null) return { order };
    const rejection = isRejection(answer) ? answer : reject('INTERNAL_ERROR');
    const { errors, ...problem } = toProblem(rejection, path, requestId).body;
    return { problem: errors === undefined ? problem : { ...problem, errors: [...errors] } };
  });
  return { items };
}
