// Browsers of other origins: those that are configured may call, all others are not told anything.
// Callers are known by headers and never by cookies, so credentials are not asked for.
import type { Edge } from '../edge.ts';
import type { RouteMatch } from './router.ts';
import type { Answer, IncomingCall } from './wire.ts';

const PREFLIGHT_SECONDS = 600;

/** What a page may send; a browser sends the simple ones without asking. */
export const ALLOWED_HEADERS = [
  'authorization',
  'bourse-key',
  'bourse-receive-window',
  'bourse-signature',
  'bourse-timestamp',
  'content-type',
  'idempotency-key',
  'prefer',
  'step-up',
  'traceparent',
  'x-request-id',
] as const;

/** What a page may read of an answer. */
const EXPOSED_HEADERS = 'ratelimit, ratelimit-policy, retry-after, x-request-id';

/** The page's origin when it may call; null otherwise. */
export function allowedOrigin({ corsOrigins }: Edge, call: IncomingCall): string | null {
  const { origin } = call.headers;
  return origin !== undefined && corsOrigins?.has(origin) === true ? origin : null;
}

/** Whatever is answered depends on the origin, and a cache must know that. */
export function withCors(answer: Answer, origin: string | null): Answer {
  const headers =
    origin === null
      ? { vary: 'origin' }
      : {
          vary: 'origin',
          'access-control-allow-origin': origin,
          'access-control-expose-headers': EXPOSED_HEADERS,
        };
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/**
 * The answer to a preflight for a method that the table of routes has; null when it is none, or for
 * no such route: then it is refused as any other OPTIONS.
 */
export function answerPreflight<Deps>(
  call: IncomingCall,
  match: RouteMatch<Deps>,
  requestId: string,
): Answer | null {
  const wanted = call.headers['access-control-request-method'];
  if (call.method !== 'OPTIONS' || wanted === undefined) return null;
  if (match.kind !== 'method_not_allowed') return null;
  if (!match.allow.split(', ').includes(wanted)) return null;
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': match.allow,
      'access-control-allow-headers': ALLOWED_HEADERS.join(', '),
      'access-control-max-age': String(PREFLIGHT_SECONDS),
      'cache-control': 'no-store',
      'x-request-id': requestId,
    },
    body: undefined,
  };
}
