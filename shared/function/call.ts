// Calls a function with no server: the very pipeline that the host runs, minus sockets. For tests;
// it also holds every answer against what the route promises.
import { assert } from '../domain/failure.ts';
import { EVENTS, type EventName } from '../events/catalog.ts';
import { PROBLEM_CONTENT_TYPE } from '../http/problem.ts';
import { silentLogger, type Logger } from '../telemetry/logger.ts';
import { MetricsRegistry } from '../telemetry/metrics/registry.ts';
import { reject } from '../domain/rejection.ts';
import type { Authenticate } from './auth/authenticated.ts';
import type { HasFactor, UseStepUp } from './auth/step-up.ts';
import type { Caller } from '../domain/caller.ts';
import type { FunctionDefinition, Route } from './definition.ts';
import type { Edge } from './edge.ts';
import { hostRefusals } from './host-refusals.ts';
import { answerCall } from './pipeline/answer.ts';
import { EVENTS_PATH } from './pipeline/event-intake.ts';
import { splitTarget } from './pipeline/read-address.ts';
import { createRuntime, type Runtime } from './pipeline/runtime.ts';
import type { Answer, IncomingCall } from './pipeline/wire.ts';

const LOOPBACK = '127.0.0.1';

export interface FunctionCall {
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly rawBody?: string | Buffer;
  /** Known without a token; left out, the token check decides. */
  readonly caller?: Caller;
  /** Of the client; left out, it is this machine's own. */
  readonly clientAddress?: string;
}

export interface CallOptions {
  /** Checks tokens of calls without `caller`; left out, they are refused with TOKEN_MISSING. */
  readonly authenticate?: Authenticate;
  /** Left out, no step-up is good. */
  readonly useStepUp?: UseStepUp;
  /** Left out, everybody is taken to have one. */
  readonly hasFactor?: HasFactor;
  readonly log?: Logger;
  /** Left out, nothing is limited. */
  readonly edge?: Edge;
  readonly requestTimeoutMs?: number;
  readonly requestsInFlightMax?: number;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed if it is JSON; undefined when there was none. */
  readonly body: unknown;
}

/** Sends one request. Throws AssertionError when the answer is not one that the route documents. */
export async function callFunction<Deps>(
  definition: FunctionDefinition<Deps>,
  deps: Deps,
  call: FunctionCall,
  options: CallOptions = {},
): Promise<CallAnswer> {
  const runtime = makeRuntime(definition, deps, options);
  const answer = readAnswer(await answerCall(runtime, toIncoming(call)));
  const path = splitTarget(call.path)?.path ?? call.path;
  const match = runtime.router.find(call.method, path);
  if (match.kind === 'found') holdToPromise(match.route, answer);
  return answer;
}

export interface EventCall<Name extends EventName> {
  readonly name: Name;
  readonly data: unknown;
  readonly id?: string;
  readonly source?: string;
  /** Further headers; they replace those made here. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Delivers one event as a KafkaSource does: binary mode, POST /events. */
export async function deliverEvent<Deps, Name extends EventName>(
  definition: FunctionDefinition<Deps>,
  deps: Deps,
  event: EventCall<Name>,
  options: CallOptions = {},
): Promise<CallAnswer> {
  const headers = {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-type': EVENTS[event.name].type,
    'ce-id': event.id ?? 'event-1',
    'ce-source': event.source ?? '/test',
    ...event.headers,
  };
  const call = { method: 'POST', path: EVENTS_PATH, headers, body: event.data };
  return readAnswer(await answerCall(makeRuntime(definition, deps, options), toIncoming(call)));
}

function makeRuntime<Deps>(
  definition: FunctionDefinition<Deps>,
  deps: Deps,
  options: CallOptions,
): Runtime<Deps> {
  return createRuntime({
    authenticate: () => reject('TOKEN_MISSING'),
    log: silentLogger(),
    stepUps: { useStepUp: options.useStepUp, hasFactor: options.hasFactor },
    ...options,
    definition,
    deps,
    metrics: new MetricsRegistry(),
  });
}

function toIncoming(call: FunctionCall): IncomingCall {
  const body = bodyBytes(call);
  const headers = lowerCase(call.headers ?? {});
  if (body.length > 0) headers['content-length'] ??= String(body.length);
  if (call.body !== undefined) headers['content-type'] ??= 'application/json';
  return {
    method: call.method,
    target: call.path,
    headers,
    clientAddress: call.clientAddress ?? LOOPBACK,
    readBody: (bytesMax) => (body.length > bytesMax ? reject('BODY_TOO_LARGE') : body),
    ...(call.caller === undefined ? {} : { knownCaller: call.caller }),
  };
}

function bodyBytes(call: FunctionCall): Buffer {
  if (call.rawBody !== undefined) return Buffer.from(call.rawBody);
  return call.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(call.body));
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function readAnswer(answer: Answer): CallAnswer {
  const { status, headers, body: text } = answer;
  const isJson = /json/.test(headers['content-type'] ?? '');
  const body: unknown = text === undefined || !isJson ? text : JSON.parse(text);
  return { status, headers, body };
}

function holdToPromise<Deps>(route: Route<Deps>, answer: CallAnswer): void {
  const name = `${route.method} ${route.path}`;
  const schema = route.answers[answer.status];
  // A route of a standard that has errors of its own lists them among its answers.
  const isProblem = answer.headers['content-type'] === PROBLEM_CONTENT_TYPE;
  if (answer.status >= 400 && (isProblem || schema === undefined)) {
    const code = (answer.body as { readonly code: string }).code;
    const known = [...hostRefusals(route), ...route.refusals].some((listed) => listed === code);
    assert(known, `${name} does not list the refusal ${code}`);
    return;
  }
  assert(schema !== undefined, `${name} does not list the status ${answer.status}`);
  const fit = schema.safeParse(answer.body);
  assert(fit.success, `${name} answered what its schema refuses: ${String(fit.error)}`);
}
