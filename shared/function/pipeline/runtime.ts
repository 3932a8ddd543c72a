// A function ready to answer: its definition with what it was connected to. One per instance.
import { EVENTS } from '../../events/catalog.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { MetricsRegistry } from '../../telemetry/metrics/registry.ts';
import type { Authenticate } from '../auth/authenticated.ts';
import type { StepUpCheck } from '../auth/step-up.ts';
import type { EventRoute, FunctionDefinition } from '../definition.ts';
import { NO_EDGE, type Edge } from '../edge.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { Router } from './router.ts';
import { Slots } from './slot.ts';

/** Requests and events that one instance works on at a time. */
export const REQUESTS_IN_FLIGHT_MAX = 1_024;

export interface RuntimeOptions<Deps> {
  readonly definition: FunctionDefinition<Deps>;
  readonly deps: Deps;
  readonly authenticate: Authenticate;
  /** For functions with a route that needs one. */
  readonly stepUps?: StepUpCheck;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  /** Left out: no proxies, no browsers, no limits. */
  readonly edge?: Edge;
  /** For tests: instead of what the policy of each route says. */
  readonly requestTimeoutMs?: number;
  readonly requestsInFlightMax?: number;
}

export interface Runtime<Deps> {
  readonly definition: FunctionDefinition<Deps>;
  readonly deps: Deps;
  readonly authenticate: Authenticate;
  readonly stepUps: StepUpCheck;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly instruments: Instruments;
  readonly edge: Edge;
  readonly router: Router<Deps>;
  /** By wire type, such as `dev.bourse.exchange.engine.executed.v1`. */
  readonly events: ReadonlyMap<string, EventRoute<Deps>>;
  readonly requestTimeoutMs: number | null;
  /** Held by the handlers that have not ended, those beyond their deadline included. */
  readonly slots: Slots;
  /** Set by the stop signal: not ready any more, though requests are still answered. */
  draining: boolean;
}

/** Throws when the definition contradicts itself: such a process must not start. */
export function createRuntime<Deps>(options: RuntimeOptions<Deps>): Runtime<Deps> {
  const { definition } = options;
  const events = new Map<string, EventRoute<Deps>>();
  for (const route of definition.events) {
    const { type } = EVENTS[route.event];
    if (events.has(type)) throw new Error(`${definition.name} takes ${route.event} twice`);
    events.set(type, route);
  }
  const instruments = createInstruments(options.metrics);
  return {
    definition,
    deps: options.deps,
    authenticate: options.authenticate,
    stepUps: options.stepUps ?? {},
    log: options.log,
    metrics: options.metrics,
    instruments,
    edge: options.edge ?? NO_EDGE,
    router: new Router(definition.routes),
    events,
    requestTimeoutMs: options.requestTimeoutMs ?? null,
    slots: new Slots(
      options.requestsInFlightMax ?? REQUESTS_IN_FLIGHT_MAX,
      definition.routes.map(({ policy }) => policy.quota),
      instruments.inFlight,
    ),
    draining: false,
  };
}
