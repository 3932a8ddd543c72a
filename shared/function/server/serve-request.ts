// One Node request through the pipeline and back onto the socket. The same function serves our own
// listener and the functions framework's, which hands over a request with its body parsed.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { clientAddressOf } from '../../http/client-address.ts';
import { answerCall } from '../pipeline/answer.ts';
import type { Runtime } from '../pipeline/runtime.ts';
import type { Answer, IncomingCall } from '../pipeline/wire.ts';
import { discardBody, readNodeBody } from './read-node-body.ts';

export interface ServeOptions {
  readonly bodyTimeoutMs: number;
  /** The caller waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  readonly headersMax: number;
}

/** Answers a request; never fails. Resolves when the answer is handed to the socket. */
export async function serveRequest<Deps>(
  runtime: Runtime<Deps>,
  request: IncomingMessage,
  response: ServerResponse,
  options: ServeOptions,
): Promise<void> {
  let bodyWanted = false;
  const peerAddress = request.socket.remoteAddress;
  const call: IncomingCall = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: flattenHeaders(request),
    peerAddress,
    clientAddress: clientAddressOf(
      peerAddress,
      request.headers['x-forwarded-for'] as string | undefined,
      runtime.edge.trustedProxies,
    ),
    // Each takes two places, its name and its value.
    isOverloaded: request.rawHeaders.length > 2 * options.headersMax,
    readBody: (bytesMax) => {
      const length = Number(request.headers['content-length'] ?? 0);
      bodyWanted = length <= bytesMax;
      if (options.expectsContinue && bodyWanted) response.writeContinue();
      return readNodeBody(request, bytesMax, options.bodyTimeoutMs);
    },
  };
  const answer = await answerCall(runtime, call);
  // Without a 100 the caller may send its body or not: only a fresh connection is unambiguous.
  const close = runtime.draining || (options.expectsContinue && !bodyWanted);
  send(request, response, answer, close);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  close: boolean,
): void {
  if (response.destroyed || response.headersSent) return;
  if (close) response.setHeader('connection', 'close');
  response.writeHead(answer.status, withLength(answer));
  response.end(answer.body);
  if (!request.complete) discardBody(request);
}

/** With its length an answer is one write; without, it is sent in chunks. 204 may have none. */
function withLength({ status, headers, body }: Answer): Record<string, string | number> {
  if (status === 204) return headers;
  return { ...headers, 'content-length': body === undefined ? 0 : Buffer.byteLength(body) };
}

/** Node joins repeated headers itself; only `set-cookie`, which no request has, comes as a list. */
function flattenHeaders(request: IncomingMessage): IncomingCall['headers'] {
  const { headers } = request;
  if (headers['set-cookie'] === undefined) {
    return headers as Readonly<Record<string, string | undefined>>;
  }
  return { ...(headers as Record<string, string>), 'set-cookie': headers['set-cookie'].join(', ') };
}
