// A gateway's port: exactly the routes of its HTTPRoute, and each function that has one under a host
// of its own. The public host and that of staff have a port each.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ErrorCode } from '../../../shared/domain/rejection.ts';
import {
  childTrace,
  formatTraceparent,
  parseTraceparent,
} from '../../../shared/telemetry/trace-context.ts';
import type { FaultPlan } from '../service/faults.ts';
import type { EmulatedService, Lease, Refusal } from '../service/service.ts';
import { limitTime } from '../service/time-limit.ts';
import { applyFault } from './fault.ts';
import { forwardRequest } from './forward.ts';
import { sendRefusal } from './refusal.ts';
import type { RouteTable } from './route-table.ts';

export interface GatewayDeps {
  readonly routes: () => RouteTable;
  /** Null while nothing runs. */
  readonly services: () => ReadonlyMap<string, EmulatedService> | null;
  readonly faults: FaultPlan;
  readonly isOpen: () => boolean;
  readonly onError: (error: unknown) => void;
}

const KEEP_ALIVE_MS = 75_000;
const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;

export function createGatewayServer(deps: GatewayDeps): Server {
  const server = createServer((req, res) => {
    handle(req, res, deps).catch((error: unknown) => {
      deps.onError(error);
      res.destroy();
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = KEEP_ALIVE_MS + 1_000;
  return server;
}

async function handle(req: IncomingMessage, res: ServerResponse, deps: GatewayDeps): Promise<void> {
  const ids = requestIds(req);
  const path = pathOf(req.url ?? '/');
  const refuse = (code: ErrorCode, detail: string): void =>
    sendRefusal(res, { code, detail, path, requestId: ids.requestId });
  const service = findService(deps, req.headers.host, path);
  if (Array.isArray(service)) {
    refuse(...service);
    return;
  }
  const { timeoutMs } = service.topology;
  const limit = limitTime(timeoutMs);
  const startedAt = performance.now();
  try {
    const lease = await service.lease(limit.signal);
    if (typeof lease === 'string') {
      refuseLease(res, service, lease, { path, requestId: ids.requestId });
      return;
    }
    // What it waited counts: timeoutSeconds is for the whole request.
    const leftMs = Math.max(1, timeoutMs - (performance.now() - startedAt));
    await serve(req, res, deps, { service, lease, path, ...ids, timeoutMs: leftMs });
  } finally {
    limit.end();
  }
}

interface Served {
  readonly service: EmulatedService;
  readonly lease: Lease;
  readonly path: string;
  readonly requestId: string;
  readonly traceparent: string;
  readonly timeoutMs: number;
}

async function serve(
  req: IncomingMessage,
  res: ServerResponse,
  deps: GatewayDeps,
  { service, lease, ...request }: Served,
): Promise<void> {
  try {
    const effect = await applyFault(deps.faults, service, res, request);
    if (effect === 'over') return;
    const host = `${service.name}.${service.topology.namespace}.svc.cluster.local`;
    const loseAnswer = effect === 'forward' ? null : effect;
    await forwardRequest(req, res, lease, { ...request, host, loseAnswer });
  } finally {
    lease.release();
  }
}

function refuseLease(
  res: ServerResponse,
  service: EmulatedService,
  why: Refusal,
  request: { readonly path: string; readonly requestId: string },
): void {
  switch (why) {
    case 'overflow':
      sendRefusal(res, {
        ...request,
        code: 'SERVICE_BUSY',
        detail: `the queue of ${service.name} is full`,
      });
      return;
    case 'unavailable':
      sendRefusal(res, {
        ...request,
        code: 'SERVICE_UNAVAILABLE',
        detail: `${service.name} is down`,
      });
      return;
    case 'late':
      sendRefusal(res, {
        ...request,
        code: 'SERVICE_UNAVAILABLE',
        detail: `${service.name} was not free within timeoutSeconds`,
        status: 504,
      });
  }
}

/** The service that a request goes to, or why there is none. */
function findService(
  deps: GatewayDeps,
  host: string | undefined,
  path: string,
): EmulatedService | [ErrorCode, string] {
  const target = deps.routes().find(host, path);
  if (target === 'denied') return ['ACCESS_DENIED', `${path} is not public`];
  if (target === null) return ['ROUTE_NOT_FOUND', `no route for ${path}`];
  const services = deps.services();
  if (services === null || !deps.isOpen()) return ['SERVICE_UNAVAILABLE', 'starting or stopping'];
  const service = services.get(target.service);
  if (service !== undefined) return service;
  return ['SERVICE_UNAVAILABLE', `${target.service} is not running (see --only)`];
}

/** One id for log lines and traces: what the client sent, or the trace's own. */
function requestIds(req: IncomingMessage): { requestId: string; traceparent: string } {
  const given = req.headers['x-request-id'];
  const sent = req.headers['traceparent'];
  const trace = parseTraceparent(typeof sent === 'string' ? sent : undefined) ?? childTrace(null);
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : trace.traceId;
  return { requestId, traceparent: formatTraceparent(trace) };
}

/** One spelling for policy and function: `/%65vents` and `/x/../events` are `/events`. */
function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  if (!/[.%\\]|\/\//.test(path)) return path;
  try {
    return decodeURIComponent(new URL(path.replace(/^\/+/, '/'), 'http://host').pathname).replace(
      /\/{2,}/g,
      '/',
    );
  } catch {
    return path; // malformed escapes are for the function to refuse
  }
}
