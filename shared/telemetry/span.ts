// Spans round requests and events through the OpenTelemetry API. Without an SDK in the process the
// API does nothing, and the trace context is carried on by our own few lines.
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Span,
} from '@opentelemetry/api';
import { childTrace, parseTraceparent, type TraceContext } from './trace-context.ts';

const tracer = trace.getTracer('bourse');

export interface OpenSpan {
  /** What goes on to others as `traceparent`. */
  readonly context: TraceContext;
  readonly span: Span;
}

/** Opens a server or consumer span under the caller's trace, or under a new one. */
export function openSpan(
  name: string,
  kind: 'server' | 'consumer',
  traceparent?: string,
): OpenSpan {
  const parent = parseTraceparent(traceparent);
  const span = tracer.startSpan(
    name,
    { kind: kind === 'server' ? SpanKind.SERVER : SpanKind.CONSUMER },
    parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remoteContext(parent)),
  );
  if (!span.isRecording()) return { context: childTrace(parent), span };
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { context: { traceId, spanId, flags: traceFlags.toString(16).padStart(2, '0') }, span };
}

/** Ends it with the status that was answered; 5xx is the span's failure, 4xx the caller's. */
export function closeSpan(open: OpenSpan, status: number): void {
  if (open.span.isRecording()) {
    open.span.setAttribute('http.response.status_code', status);
    if (status >= 500) open.span.setStatus({ code: SpanStatusCode.ERROR });
  }
  open.span.end();
}

function remoteContext(parent: TraceContext): Parameters<typeof trace.setSpanContext>[1] {
  return {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: Number.parseInt(parent.flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  };
}
