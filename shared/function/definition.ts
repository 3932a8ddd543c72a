// A function is a value (design decision 1): routes and event handlers, no server. The host serves
// it on the functions framework, the emulator runs that host, and tests call the handlers directly.
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Caller } from '../domain/caller.ts';
import type { Rejection } from '../domain/rejection.ts';
import type { EventName, EVENTS } from '../events/catalog.ts';
import { policyOf } from '../policy/policies.ts';
import type { Policy } from '../policy/policy.ts';
import type { MetricsRegistry } from '../telemetry/metrics/registry.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HandlerRequest<Params, Query, Body> {
  readonly method: Method;
  readonly path: string;
  /** Parts of the path, checked against the route's `params`. */
  readonly params: Params;
  readonly query: Query;
  /** Lower-cased names; a repeated header is joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Exactly the bytes that came in: what a signature is checked against. */
  readonly rawBody: Buffer;
  readonly body: Body;
  /** Null only on routes that anyone may call. */
  readonly caller: Caller | null;
  /** IPv4, or IPv6 as RFC 5952 writes it; of the client, not of a proxy of ours. */
  readonly clientAddress: string;
  readonly requestId: string;
  readonly traceparent: string | undefined;
  readonly log: Logger;
}

export interface HandlerResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written as JSON; undefined sends no body. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`; the headers name its type. */
  readonly text?: string;
}

/** Headers that some handlers read, as the OpenAPI page spells them. */
export type RequestHeader = 'Idempotency-Key' | 'Prefer' | 'If-None-Match';

export interface Route<Deps> {
  readonly method: Method;
  /** Such as `/v1/orders/{id}`. */
  readonly path: string;
  /** Who may call it, and how often, large and long. */
  readonly policy: Policy;
  /** One sentence for the OpenAPI page. */
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** For the OpenAPI page alone: the form in a body that the handler reads by itself. */
  readonly form?: z.ZodType;
  /** For the OpenAPI page: what the handler reads of the headers. */
  readonly headers?: readonly RequestHeader[];
  /** For the OpenAPI page: those of them without which the handler refuses. */
  readonly requiredHeaders?: readonly RequestHeader[];
  /** For the OpenAPI page: of the answers, where it is not JSON. */
  readonly contentType?: string;
  /** Schema of each answer by status, for the OpenAPI page and the tests. */
  readonly answers: Readonly<Record<number, z.ZodType>>;
  /** Refusals that this route can answer with, for the OpenAPI page. */
  readonly refusals: readonly Rejection['code'][];
  readonly handle: (
    request: HandlerRequest<unknown, unknown, unknown>,
    deps: Deps,
  ) => Promise<HandlerResponse | Rejection>;
}

export interface DeliveredEvent<Data> {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly topicPartition: number | null;
  readonly topicOffset: number | null;
  readonly data: Data;
  readonly traceparent: string | undefined;
  readonly log: Logger;
}

export interface EventRoute<Deps> {
  readonly event: EventName;
  /**
   * Takes one event; resolves when its effects are durable. Throw TerminalError for what can never
   * succeed (answered 422: dead letter at once), anything else is retried (503).
   */
  readonly handle: (event: DeliveredEvent<unknown>, deps: Deps) => Promise<void>;
}

export interface Environment {
  /** Looks up one environment variable; throws, naming it, when a required one is missing. */
  readonly get: (name: string) => string;
  readonly find: (name: string) => string | undefined;
  readonly log: Logger;
  /** What is registered here is on the instance's `/metrics`. */
  readonly metrics: MetricsRegistry;
}

export interface FunctionDefinition<Deps> {
  readonly name: string;
  readonly routes: readonly Route<Deps>[];
  readonly events: readonly EventRoute<Deps>[];
  /**
   * The variable with the blocks of addresses (CIDR, commas between) that anybody may call from;
   * all others are refused before anything is looked at. Left out: from anywhere.
   */
  readonly addressesVariable?: string;
  /** Opens what the handlers need; called once per instance before it serves. */
  readonly connect: (environment: Environment) => Promise<Deps>;
  /** Closes it again, after the last request is answered. */
  readonly close: (deps: Deps) => Promise<void>;
  /** True when the instance can do useful work; `/readyz` answers 503 otherwise. */
  readonly isReady: (deps: Deps) => Promise<boolean>;
}

export function defineFunction<Deps>(
  definition: FunctionDefinition<Deps>,
): FunctionDefinition<Deps> {
  return definition;
}

interface TypedRoute<
  Deps,
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
> extends Omit<Route<Deps>, 'handle' | 'params' | 'query' | 'body' | 'policy'> {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Left out, the table has it; functions leave it out (test/tidy holds them to that). */
  readonly policy?: Policy;
  readonly handle: (
    request: HandlerRequest<z.output<Params>, z.output<Query>, z.output<Body>>,
    deps: Deps,
  ) => Promise<HandlerResponse | Rejection>;
}

/** Ties a route's schemas to the types its handler sees. Throws when it has no policy. */
export function route<
  Deps,
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(typed: TypedRoute<Deps, Params, Query, Body>): Route<Deps> {
  const policy = typed.policy ?? policyOf(typed.method, typed.path);
  return { ...typed, policy } as unknown as Route<Deps>;
}

/** Ties an event's schema to the type its handler sees. */
export function onEvent<Deps, Name extends EventName>(
  event: Name,
  handle: (
    delivered: DeliveredEvent<z.output<(typeof EVENTS)[Name]['schema']>>,
    deps: Deps,
  ) => Promise<void>,
): EventRoute<Deps> {
  return { event, handle: handle as EventRoute<Deps>['handle'] };
}
