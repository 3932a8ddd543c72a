// The framework's server with our own listener, limits and manners: it leaves a keep-alive of five
// seconds, answers upgrades with 200, and cuts requests off when it is told to stop.
import { maxHeaderSize, type IncomingMessage, type Server } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Runtime } from '../pipeline/runtime.ts';
import { BODY_TIMEOUT_MS } from './read-node-body.ts';
import { serveRequest } from './serve-request.ts';

/**
 * Above the 600 s that a load balancer keeps a connection: it must never be us who hang up first.
 */
export const KEEP_ALIVE_TIMEOUT_MS = 620_000;

/** Above the keep-alive, or Node closes idle connections by this one. */
export const HEADERS_TIMEOUT_MS = 630_000;

/**
 * Node takes the smaller of this and HEADERS_TIMEOUT_MS for the headers and the larger for the
 * whole request, so this is how long headers may take; the body has BODY_TIMEOUT_MS of its own.
 */
export const REQUEST_RECEIVE_TIMEOUT_MS = 60_000;

/** Open sockets of one instance. */
export const CONNECTIONS_MAX = 8_192;

/** Header lines of one request; with more it is refused. */
export const HEADERS_MAX = 100;
/** Their bytes: Node's own limit, which the framework's server gives nobody to change. */
export const HEADER_BYTES_MAX = maxHeaderSize;

/** How long a stop waits for requests in flight. Kubernetes kills 30 s after the signal. */
export const DRAIN_TIMEOUT_MS = 25_000;

export interface ServerLimits {
  readonly bodyTimeoutMs: number;
}

/** Takes the server over: every request is answered before Express sees it. */
export function tuneServer<Deps>(
  server: Server,
  runtime: Runtime<Deps>,
  limits: ServerLimits = { bodyTimeoutMs: BODY_TIMEOUT_MS },
): void {
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_RECEIVE_TIMEOUT_MS;
  server.maxConnections = CONNECTIONS_MAX;
  // Node drops what is beyond this and says nothing, so it is what we count that must refuse.
  server.maxHeadersCount = HEADERS_MAX + 1;
  const serve = (expectsContinue: boolean) => {
    const { bodyTimeoutMs } = limits;
    const options = { bodyTimeoutMs, expectsContinue, headersMax: HEADERS_MAX };
    return (request: IncomingMessage, response: ServerResponse): void => {
      serveRequest(runtime, request, response, options).catch((error: unknown) => {
        runtime.log.error({ err: error }, 'an answer could not be written');
        request.destroy();
      });
    };
  };
  server.removeAllListeners('request');
  server.on('request', serve(false));
  server.on('checkContinue', serve(true));
  server.on('clientError', refuseUnparsed);
  server.on('connect', refuseTunnel);
}

/**
 * Stops listening, lets requests in flight end, closes idle connections. After `timeoutMs` the rest
 * is cut off. Resolves with true when nothing was.
 */
export function drainServer(server: Server, timeoutMs = DRAIN_TIMEOUT_MS): Promise<boolean> {
  return new Promise((resolve) => {
    let clean = true;
    const timer = setTimeout(() => {
      clean = false;
      server.closeAllConnections();
    }, timeoutMs);
    server.close(() => {
      clearTimeout(timer);
      resolve(clean);
    });
    server.closeIdleConnections();
  });
}

/** What is not even HTTP gets a plain status: there is no request to write a problem about. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${statusOf(error.code)}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Without a listener Node cuts the connection, which tells the caller nothing. */
function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  socket.end(`HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

function statusOf(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout';
  return '400 Bad Request';
}
