// The emulator's own port: a few routes, strict about what they take, for this machine only.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { parseQuery, QueryFault } from '../../../shared/http/query.ts';
import { JsonFault, parseStrictJson } from '../../../shared/http/strict-json.ts';
import { randomHex } from '../../../shared/telemetry/random-hex.ts';
import { sendRefusal } from '../proxy/refusal.ts';
import type { OwnAnswer, OwnRoute } from './answer.ts';

const BODY_BYTES_MAX = 65_536;
const REQUEST_ID_BYTES = 16;
/** A page of another site must not reach us under a name of its own (DNS rebinding). */
const HOSTS = /^(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?$/;

export function createOwnServer(
  routes: readonly OwnRoute[],
  onError: (error: unknown) => void,
): Server {
  return createServer((req, res) => {
    const requestId = randomHex(REQUEST_ID_BYTES);
    const path = (req.url ?? '/').split('?')[0] ?? '/';
    const refuse = ({ code, detail }: Rejection): void =>
      sendRefusal(res, { code, detail, path, requestId });
    answer(req, path, routes).then(
      (given) => {
        if (isRejection(given)) refuse(given);
        else send(res, given, requestId);
      },
      (error: unknown) => {
        onError(error);
        refuse(reject('INTERNAL_ERROR'));
      },
    );
  });
}

async function answer(
  req: IncomingMessage,
  path: string,
  routes: readonly OwnRoute[],
): Promise<OwnAnswer | Rejection> {
  if (!HOSTS.test(req.headers.host ?? '')) return reject('ACCESS_DENIED', 'only for localhost');
  const matching = routes.flatMap((route) => {
    const params = matchPath(route.path, path);
    return params === null ? [] : [{ route, params }];
  });
  if (matching.length === 0) return reject('ROUTE_NOT_FOUND');
  const found = matching.find(({ route }) => route.method === req.method);
  if (found === undefined) return reject('METHOD_NOT_ALLOWED');
  const query = parseQuery((req.url ?? '').split('?')[1] ?? '');
  if (query instanceof QueryFault) return reject('QUERY_INVALID');
  const body = await readJson(req);
  if (isRejection(body)) return body;
  return found.route.handle({ params: found.params, query, body });
}

function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at] ?? '';
    if (part.startsWith('{')) params[part.slice(1, -1)] = value;
    else if (part !== value) return null;
  }
  return params;
}

/** Undefined where there is no body. Only JSON: a form of another site cannot send that. */
async function readJson(req: IncomingMessage): Promise<unknown> {
  if (req.method === 'GET') return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) return reject('BODY_TOO_LARGE');
    chunks.push(chunk as Buffer);
  }
  const type = req.headers['content-type'] ?? '';
  const isJson = /^application\/json\s*(;|$)/i.test(type);
  // Without this a page of another site could send a POST that no browser asks about first.
  if (!isJson && (bytes > 0 || req.headers.origin !== undefined)) {
    return reject('BODY_TYPE_NOT_SUPPORTED');
  }
  if (bytes === 0) return undefined;
  const value = parseStrictJson(Buffer.concat(chunks));
  return value instanceof JsonFault ? reject('BODY_INVALID', value.detail) : value;
}

function send(res: ServerResponse, given: OwnAnswer, requestId: string): void {
  const isPage = 'html' in given;
  const text = isPage ? given.html : given.json === undefined ? '' : JSON.stringify(given.json);
  res.writeHead(given.status, {
    'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    ...(isPage
      ? {
          'content-security-policy':
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; " +
            "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        }
      : {}),
  });
  res.end(text);
}
