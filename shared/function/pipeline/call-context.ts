// What one request carries through the pipeline: its id, its trace, its logger.
import type { LimitHeaders } from '../../limits/headers.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { randomHex } from '../../telemetry/random-hex.ts';
import { closeSpan, openSpan, type OpenSpan } from '../../telemetry/span.ts';
import { formatTraceparent } from '../../telemetry/trace-context.ts';

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;
const REQUEST_ID_BYTES = 12;

/** The caller's X-Request-Id when it is well-formed, else one of our own. */
export function requestIdOf(header: string | undefined): string {
  if (header !== undefined && REQUEST_ID.test(header)) return header;
  return `req_${randomHex(REQUEST_ID_BYTES)}`;
}

export class CallContext {
  readonly requestId: string;
  readonly traceparent: string;
  /** What the answer says of the caller's allowance; null until it was counted. */
  limitHeaders: LimitHeaders | null = null;
  readonly #base: Logger;
  readonly #span: OpenSpan;
  readonly #startedAt = performance.now();
  #log: Logger | null = null;

  constructor(
    base: Logger,
    name: string,
    kind: 'server' | 'consumer',
    requestId: string,
    traceparent: string | undefined,
  ) {
    this.#base = base;
    this.requestId = requestId;
    this.#span = openSpan(name, kind, traceparent);
    this.traceparent = formatTraceparent(this.#span.context);
  }

  /** Made on first use: most requests log nothing, and a child logger costs 3 us. */
  get log(): Logger {
    this.#log ??= this.#base.child({
      requestId: this.requestId,
      traceId: this.#span.context.traceId,
    });
    return this.#log;
  }

  /** Ends the span; answers the seconds it took. */
  end(status: number): number {
    closeSpan(this.#span, status);
    return (performance.now() - this.#startedAt) / 1_000;
  }
}
