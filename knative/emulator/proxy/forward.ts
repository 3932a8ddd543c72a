// Sends one public request on to an instance and its answer back. Bodies stream; small ones are
// gathered first, because handing undici a buffer costs half as much as handing it a stream.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Lease } from '../service/service.ts';
import { sendRefusal } from './refusal.ts';

/** Bodies up to this size are gathered before they are sent on. */
const GATHER_BYTES_MAX = 65_536;

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Names that the gateway sets itself: what a client claims about them is dropped. */
const SET_HERE = new Set([
  'host',
  'x-request-id',
  'traceparent',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

export interface Forwarding {
  readonly host: string;
  readonly path: string;
  readonly requestId: string;
  readonly traceparent: string;
  readonly timeoutMs: number;
  /** A fault: when the work is done the answer is lost, with the process or without it. */
  readonly loseAnswer: 'crash' | 'drop' | null;
}

/** Resolves when the request is over; it has been answered by then in every case. */
export async function forwardRequest(
  req: IncomingMessage,
  res: ServerResponse,
  lease: Lease,
  forwarding: Forwarding,
): Promise<void> {
  const body = await requestBody(req);
  await new Promise<void>((done) => {
    const handler = new AnswerHandler(res, lease, forwarding, done);
    lease.instance.pool.dispatch(
      {
        path: req.url ?? '/',
        method: req.method ?? 'GET',
        headers: requestHeaders(req, forwarding),
        body,
      },
      handler,
    );
  });
}

async function requestBody(req: IncomingMessage): Promise<Buffer | IncomingMessage | null> {
  const declared = req.headers['content-length'];
  if (declared === undefined) return req.headers['transfer-encoding'] === undefined ? null : req;
  if (declared === '0') return null;
  if (Number(declared) > GATHER_BYTES_MAX) return req;
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return chunks.length === 1 ? (chunks[0] ?? null) : Buffer.concat(chunks);
}

function requestHeaders(req: IncomingMessage, forwarding: Forwarding): string[] {
  const raw = req.rawHeaders;
  const headers: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || SET_HERE.has(lower)) continue;
    headers.push(name, raw[at + 1] ?? '');
  }
  const from = req.socket.remoteAddress ?? 'unknown';
  headers.push(
    ...['host', forwarding.host],
    ...['x-forwarded-for', from],
    ...['x-forwarded-proto', 'http'],
    ...['x-forwarded-host', req.headers.host ?? ''],
    ...['x-request-id', forwarding.requestId],
    ...['traceparent', forwarding.traceparent],
  );
  return headers;
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse;
  readonly #lease: Lease;
  readonly #forwarding: Forwarding;
  readonly #done: () => void;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | null = null;
  #timedOut = false;
  #over = false;

  constructor(res: ServerResponse, lease: Lease, forwarding: Forwarding, done: () => void) {
    this.#res = res;
    this.#lease = lease;
    this.#forwarding = forwarding;
    this.#done = done;
    this.#timer = setTimeout(() => this.#timeOut(), forwarding.timeoutMs);
    res.once('close', () => {
      // The client went away: there is nobody to answer.
      if (!res.writableFinished) this.#controller?.abort(new Error('client closed the request'));
      this.#finish();
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#timedOut || this.#res.destroyed) controller.abort(new Error('too late'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // Informational answers are the gateway's own business.
    if (status < 200 || this.#res.headersSent) return;
    if (this.#forwarding.loseAnswer !== null) {
      if (this.#forwarding.loseAnswer === 'crash') this.#lease.instance.child.kill();
      this.#res.destroy();
      return;
    }
    this.#res.writeHead(status, answerHeaders(controller.rawHeaders, this.#forwarding.requestId));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#res.destroyed || this.#res.write(chunk)) return;
    controller.pause();
    this.#res.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    this.#res.end();
    this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (!this.#timedOut && !this.#res.destroyed) {
      if (this.#res.headersSent) this.#res.destroy(error);
      else this.#refuse(502, 'the function ended the connection without an answer');
    }
    this.#finish();
  }

  #timeOut(): void {
    this.#timedOut = true;
    const seconds = this.#forwarding.timeoutMs / 1000;
    const detail = `no answer within timeoutSeconds (${seconds})`;
    if (this.#res.headersSent) this.#res.destroy();
    else this.#refuse(504, detail);
    this.#controller?.abort(new Error(detail));
    this.#finish();
  }

  #refuse(status: number, detail: string): void {
    const { path, requestId } = this.#forwarding;
    sendRefusal(this.#res, { code: 'SERVICE_UNAVAILABLE', status, detail, path, requestId });
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#done();
  }
}

function answerHeaders(
  raw: Dispatcher.DispatchController['rawHeaders'],
  requestId: string,
): string[] {
  const headers: string[] = [];
  const flat = Array.isArray(raw) ? raw : Object.entries(raw ?? {}).flat();
  let named = false;
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = String(flat[at]);
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower)) continue;
    if (lower === 'x-request-id') named = true;
    headers.push(name, String(flat[at + 1]));
  }
  if (!named) headers.push('x-request-id', requestId);
  return headers;
}
