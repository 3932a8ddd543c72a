// The one path of every request: route, limits, caller, input, handler, answer. Nothing thrown gets
// out of here: a fault of ours becomes a problem document with the request id that finds it.
import { RetryableError } from '../../domain/failure.ts';
import { ERROR_CODES, isRejection, reject, type Rejection } from '../../domain/rejection.ts';
import { checkStepUp } from '../auth/step-up.ts';
import type { HandlerRequest, HandlerResponse } from '../definition.ts';
import { admitCall, admitProven } from './admission.ts';
import { refuse, writeAnswer } from './answer-writer.ts';
import { CallContext, requestIdOf } from './call-context.ts';
import { allowedOrigin, answerPreflight, withCors } from './cors.ts';
import { DeadlineError, withDeadline } from './deadline.ts';
import { answerEvent, EVENTS_PATH } from './event-intake.ts';
import { answerOperation, isOperation } from './operations.ts';
import { readParams, readQuery, splitTarget, type Target } from './read-address.ts';
import { readBody } from './read-body.ts';
import { RoutedRequest } from './routed-request.ts';
import type { RouteMatch } from './router.ts';
import type { Runtime } from './runtime.ts';
import type { Answer, IncomingCall } from './wire.ts';

/** Label of requests that no route took. */
const NO_ROUTE = 'none';

const BUSY_RETRY_AFTER_SECONDS = 1;

/** Answers a request; never fails. */
export async function answerCall<Deps>(
  runtime: Runtime<Deps>,
  call: IncomingCall,
): Promise<Answer> {
  if (runtime.edge.corsOrigins === null) return findAnswer(runtime, call, null);
  const origin = allowedOrigin(runtime.edge, call);
  return withCors(await findAnswer(runtime, call, origin), origin);
}

/** `origin` is that of a page of another origin that may call. */
async function findAnswer<Deps>(
  runtime: Runtime<Deps>,
  call: IncomingCall,
  origin: string | null,
): Promise<Answer> {
  const target = splitTarget(call.target);
  const requestId = requestIdOf(call.headers['x-request-id']);
  const outsider = refuseOutsider(runtime, call, target?.path ?? '/', requestId);
  if (outsider !== null) return outsider;
  if (target === null) return refuse(reject('PATH_INVALID'), '/', requestId);
  const { path } = target;
  if (call.isOverloaded === true) {
    return refuse(reject('HEADER_INVALID', 'there are too many headers'), path, requestId);
  }
  if (isUpgrade(call)) {
    return refuse(reject('HEADER_INVALID', 'upgrades are not taken here'), path, requestId);
  }
  if (isOperation(path)) return answerOperation(runtime, call.method, path, requestId);
  if (path === EVENTS_PATH && runtime.events.size > 0) {
    if (!runtime.slots.hasRoom(null)) return refuseBusy(runtime, call, path, requestId);
    return answerEvent(runtime, call, requestId);
  }
  const match = runtime.router.find(call.method, path);
  if (match.kind === 'found') {
    const hasRoom = runtime.slots.hasRoom(match.route.policy.quota);
    if (!hasRoom) return refuseBusy(runtime, call, path, requestId);
    return answerRoute(runtime, call, match, target, requestId);
  }
  const preflight = origin === null ? null : answerPreflight(call, match, requestId);
  const answer = preflight ?? refuseUnrouted(match, path, requestId);
  runtime.instruments.record(call.method, NO_ROUTE, answer.status, 0);
  return answer;
}

/** The cluster itself, which asks how an instance is doing, comes from no address of callers. */
function refuseOutsider<Deps>(
  { edge, instruments }: Runtime<Deps>,
  call: IncomingCall,
  path: string,
  requestId: string,
): Answer | null {
  if (edge.addresses === null || isOperation(path)) return null;
  if (edge.addresses.has(call.clientAddress)) return null;
  instruments.record(call.method, NO_ROUTE, ERROR_CODES.ADDRESS_NOT_ALLOWED.status, 0);
  return refuse(reject('ADDRESS_NOT_ALLOWED', 'not from this address'), path, requestId);
}

type FoundRoute<Deps> = Extract<RouteMatch<Deps>, { kind: 'found' }>;

async function answerRoute<Deps>(
  runtime: Runtime<Deps>,
  call: IncomingCall,
  match: FoundRoute<Deps>,
  target: Target,
  requestId: string,
): Promise<Answer> {
  const { route } = match;
  const traceparent = call.headers['traceparent'];
  const context = new CallContext(runtime.log, route.path, 'server', requestId, traceparent);
  let answer: Answer;
  try {
    const work = runtime.slots.hold(route.policy.quota, () =>
      handle(runtime, call, match, target, context),
    );
    const outcome = await withDeadline(work, runtime.requestTimeoutMs ?? route.policy.timeoutMs);
    answer = isRejection(outcome)
      ? refuse(outcome, target.path, requestId, context.limitHeaders)
      : writeAnswer(outcome, requestId, context.limitHeaders);
  } catch (error) {
    const refused = refuseThrown(error, context);
    answer = refuse(refused, target.path, requestId, context.limitHeaders);
  }
  const seconds = context.end(answer.status);
  runtime.instruments.record(route.method, route.path, answer.status, seconds);
  if (runtime.log.isLevelEnabled('debug')) {
    const { status } = answer;
    context.log.debug({ method: call.method, route: route.path, status, seconds }, 'answered');
  }
  return answer;
}

async function handle<Deps>(
  runtime: Runtime<Deps>,
  call: IncomingCall,
  match: FoundRoute<Deps>,
  target: Target,
  context: CallContext,
): Promise<HandlerResponse | Rejection> {
  const request = await readRequest(runtime, call, match, target, context);
  return isRejection(request) ? request : match.route.handle(request, runtime.deps);
}

/** The caller is checked before the body is read: strangers cannot make us buffer. */
async function readRequest<Deps>(
  runtime: Runtime<Deps>,
  call: IncomingCall,
  match: FoundRoute<Deps>,
  target: Target,
  context: CallContext,
): Promise<HandlerRequest<unknown, unknown, unknown> | Rejection> {
  const { route } = match;
  const known = await admitCall(runtime, call, route.policy, context);
  if (isRejection(known)) return known;
  const params = readParams(match.params, route.params);
  if (isRejection(params)) return params;
  const query = readQuery(target.query, route.query);
  if (isRejection(query)) return query;
  const read = await readBody(call, route);
  if (isRejection(read)) return read;
  if (known?.proveBody !== undefined) {
    const refused = await admitProven(runtime, call, known, read.rawBody, route.policy, context);
    if (refused !== null) return refused;
  }
  const caller = known?.caller ?? null;
  const unproven = await checkStepUp(runtime.stepUps, route.policy, call, caller, read.rawBody);
  if (unproven !== null) return unproven;
  return new RoutedRequest(route.method, target.path, call, context, {
    params: params.value,
    query: query.value,
    rawBody: read.rawBody,
    body: read.body,
    caller,
  });
}

function refuseThrown(error: unknown, context: CallContext): Rejection {
  if (error instanceof DeadlineError) {
    context.log.warn({ err: error }, 'a request took too long');
    return reject('SERVICE_UNAVAILABLE', 'the answer took too long; the outcome is unknown');
  }
  if (error instanceof RetryableError) {
    context.log.warn({ err: error }, 'a request failed for now');
    return reject('SERVICE_UNAVAILABLE');
  }
  context.log.error({ err: error }, 'a request failed');
  return reject('INTERNAL_ERROR');
}

function refuseBusy<Deps>(
  runtime: Runtime<Deps>,
  call: IncomingCall,
  path: string,
  requestId: string,
): Answer {
  const busy = reject('SERVICE_BUSY', undefined, { retryAfterSeconds: BUSY_RETRY_AFTER_SECONDS });
  runtime.instruments.record(call.method, NO_ROUTE, 503, 0);
  return refuse(busy, path, requestId);
}

function refuseUnrouted<Deps>(
  match: Exclude<RouteMatch<Deps>, { kind: 'found' }>,
  path: string,
  requestId: string,
): Answer {
  if (match.kind === 'not_found') return refuse(reject('ROUTE_NOT_FOUND'), path, requestId);
  if (match.kind === 'malformed') return refuse(reject('PATH_INVALID'), path, requestId);
  const answer = refuse(reject('METHOD_NOT_ALLOWED'), path, requestId);
  return { ...answer, headers: { ...answer.headers, allow: match.allow } };
}

/** RFC 9110 lets a server ignore an upgrade: some clients offer h2c with every first request. */
function isUpgrade(call: IncomingCall): boolean {
  const upgrade = call.headers['upgrade'];
  return upgrade !== undefined && upgrade.toLowerCase() !== 'h2c';
}
