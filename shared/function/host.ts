// Hosts a function on the functions framework: registered under its name, served by the framework's
// own server, answered before Express. Express 5 with five body parsers, AsyncLocalStorage and a
// domain per request makes 440 us of a request that takes 60 us without them.
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EnvironmentSource } from '../config/environment.ts';
import type { Logger } from '../telemetry/logger.ts';
import { registerProcessMetrics } from '../telemetry/metrics/process-metrics.ts';
import { MetricsRegistry } from '../telemetry/metrics/registry.ts';
import type { Authenticate } from './auth/authenticated.ts';
import { openStepUps } from './auth/step-up-store.ts';
import { openIdentity, type Identity } from './auth/identity.ts';
import type { FunctionDefinition } from './definition.ts';
import { openEdge } from './edge.ts';
import { createEnvironment } from './environment.ts';
import { createRuntime, type Runtime } from './pipeline/runtime.ts';
import { BODY_TIMEOUT_MS } from './server/read-node-body.ts';
import { serveRequest } from './server/serve-request.ts';
import { drainServer, HEADERS_MAX, tuneServer } from './server/tune-server.ts';

export interface HostOptions {
  readonly log: Logger;
  /** 0 asks the system for a free one. */
  readonly port: number;
  /** The process's own variables unless a test gives others. */
  readonly environment?: EnvironmentSource;
  /** All interfaces unless given: a container's port is reached from outside. */
  readonly hostname?: string;
  readonly requestTimeoutMs?: number;
  readonly requestsInFlightMax?: number;
  readonly bodyTimeoutMs?: number;
  /** For tests: callers are known by this alone, and neither database nor issuer is asked. */
  readonly authenticate?: Authenticate;
}

export interface HostedFunction {
  readonly name: string;
  readonly port: number;
  readonly server: Server;
  /**
   * Not ready from this moment; requests in flight end, idle connections close, then the function's
   * own resources. Resolves with false when `timeoutMs` passed and requests were cut off.
   */
  stop(timeoutMs?: number): Promise<boolean>;
}

/** Connects the function and serves it. Fails, with nothing left open, when it cannot. */
export async function hostFunction<Deps>(
  definition: FunctionDefinition<Deps>,
  options: HostOptions,
): Promise<HostedFunction> {
  const metrics = new MetricsRegistry();
  const { runtime, identity } = await connectRuntime(definition, metrics, options);
  const stopMetrics = registerProcessMetrics(metrics);
  const release = async (): Promise<void> => {
    stopMetrics();
    await identity.close();
    await runtime.stepUps.close?.();
    await runtime.edge.limits?.close();
    await definition.close(runtime.deps);
  };
  try {
    register(definition.name, () => Promise.resolve(runtime));
    const server = getTestServer(definition.name);
    tuneServer(server, runtime, { bodyTimeoutMs: options.bodyTimeoutMs ?? BODY_TIMEOUT_MS });
    const port = await listen(server, options.port, options.hostname);
    return { name: definition.name, port, server, stop: stopOnce(server, runtime, release) };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Only registers the function, for `functions-framework --target`: it is connected by its first
 * request, and Express stands before it. No drain there, and the framework's limits.
 */
export function registerFunction<Deps>(
  definition: FunctionDefinition<Deps>,
  optionsOf: () => Omit<HostOptions, 'port'>,
): void {
  let connected: Promise<Runtime<Deps>> | null = null;
  register(definition.name, () => {
    connected ??= connectRuntime(definition, new MetricsRegistry(), optionsOf()).then(
      ({ runtime }) => runtime,
      (error: unknown) => {
        // The next request tries again: what was missing may have come up.
        connected = null;
        throw error;
      },
    );
    return connected;
  });
}

function register<Deps>(name: string, runtimeOf: () => Promise<Runtime<Deps>>): void {
  http(name, async (request, response) => {
    const options = {
      bodyTimeoutMs: BODY_TIMEOUT_MS,
      expectsContinue: false,
      headersMax: HEADERS_MAX,
    };
    await serveRequest(await runtimeOf(), request, response, options);
  });
}

async function connectRuntime<Deps>(
  definition: FunctionDefinition<Deps>,
  metrics: MetricsRegistry,
  options: Omit<HostOptions, 'port'>,
): Promise<{ readonly runtime: Runtime<Deps>; readonly identity: Identity }> {
  const { log, requestTimeoutMs, requestsInFlightMax } = options;
  const identity = identityOf(definition, options);
  const edge = openEdge(definition, log, options.environment);
  const environment = createEnvironment(log, metrics, options.environment);
  let deps: Deps | undefined;
  try {
    deps = await definition.connect(environment);
    const runtime = createRuntime({
      definition: {
        ...definition,
        isReady: async (own) => identity.isReady() && (await definition.isReady(own)),
      },
      deps,
      authenticate: identity.authenticate,
      stepUps: options.authenticate === undefined ? openStepUps(definition, environment) : {},
      log,
      metrics,
      edge,
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
      ...(requestsInFlightMax === undefined ? {} : { requestsInFlightMax }),
    });
    return { runtime, identity };
  } catch (error) {
    await identity.close();
    await edge.limits?.close();
    if (deps !== undefined) await definition.close(deps);
    throw error;
  }
}

function identityOf<Deps>(
  definition: FunctionDefinition<Deps>,
  { authenticate, log, environment }: Omit<HostOptions, 'port'>,
): Identity {
  if (authenticate === undefined) return openIdentity(definition, log, environment);
  return { authenticate, isReady: () => true, close: () => Promise.resolve() };
}

function listen(server: Server, port: number, hostname: string | undefined): Promise<number> {
  return new Promise((resolve, fail) => {
    server.once('error', fail);
    server.listen({ port, host: hostname }, () => {
      server.off('error', fail);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function stopOnce<Deps>(
  server: Server,
  runtime: Runtime<Deps>,
  release: () => Promise<void>,
): (timeoutMs?: number) => Promise<boolean> {
  let stopping: Promise<boolean> | null = null;
  return (timeoutMs) => {
    runtime.draining = true;
    stopping ??= drainServer(server, timeoutMs).then(async (clean) => {
      await release();
      return clean;
    });
    return stopping;
  };
}
