// W3C Trace Context: reads `traceparent`, and names our own span under it.
import { randomHex } from './random-hex.ts';

export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Two hexadecimal digits; 01 means that the caller records the trace. */
  readonly flags: string;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const FLAGS_NONE = '00';

/** Longest header worth looking at; version 00 has 55 characters. */
const TRACEPARENT_CHARACTERS_MAX = 256;

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Null when the header is absent or breaks the standard: a new trace begins then. */
export function parseTraceparent(text: string | undefined): TraceContext | null {
  if (text === undefined || text.length > TRACEPARENT_CHARACTERS_MAX) return null;
  const match = TRACEPARENT.exec(text);
  if (match === null) return null;
  const [, version, traceId, spanId, flags, rest] = match;
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, flags };
}

export function formatTraceparent(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.flags}`;
}

/** Our own span under the caller's, or the first span of a new trace. */
export function childTrace(parent: TraceContext | null): TraceContext {
  const spanId = randomHex(SPAN_ID_BYTES);
  if (parent !== null) return { traceId: parent.traceId, spanId, flags: parent.flags };
  return { traceId: randomHex(TRACE_ID_BYTES), spanId, flags: FLAGS_NONE };
}
