// Events in: POST /events. The status tells a KafkaSource what to do next: 2xx is done, 4xx (but
// for 404, 408, 409, 429) goes to the dead letters at once, 5xx is tried again with back-off.
import { TerminalError } from '../../domain/failure.ts';
import { ERROR_CODES, isRejection, reject, type Rejection } from '../../domain/rejection.ts';
import { decodeEvent, isDecodeFailure } from '../../events/envelope.ts';
import { REQUEST_TIMEOUT_MS } from '../../policy/policy.ts';
import { refuse } from './answer-writer.ts';
import { CallContext } from './call-context.ts';
import { withDeadline } from './deadline.ts';
import { readEnvelope, type EventEnvelope } from './event-envelope.ts';
import { readBody } from './read-body.ts';
import type { Runtime } from './runtime.ts';
import type { Answer, IncomingCall } from './wire.ts';

export const EVENTS_PATH = '/events';

/** Above the 1 MiB that a Kafka record may have by default, with room for larger brokers. */
export const EVENT_BYTES_MAX = 4 * 1_048_576;

const EVENT_BODY = { method: 'POST', policy: { bodyBytesMax: EVENT_BYTES_MAX } } as const;

/** Label of events that this function does not take; the type is a stranger's text. */
const UNKNOWN_TYPE = 'unknown';

export async function answerEvent<Deps>(
  runtime: Runtime<Deps>,
  call: IncomingCall,
  requestId: string,
): Promise<Answer> {
  if (call.method !== 'POST') {
    const refused = refuse(reject('METHOD_NOT_ALLOWED'), EVENTS_PATH, requestId);
    return { ...refused, headers: { ...refused.headers, allow: 'POST' } };
  }
  const envelope = await runtime.slots.hold(null, () => receive(call));
  const traceparent = isRejection(envelope) ? undefined : envelope.traceparent;
  const context = new CallContext(runtime.log, EVENTS_PATH, 'consumer', requestId, traceparent);
  const refusal = isRejection(envelope) ? envelope : await take(runtime, envelope, context);
  const answer = refusal === null ? done(requestId) : refuse(refusal, EVENTS_PATH, requestId);
  note(runtime, envelope, answer.status, context.end(answer.status));
  if (refusal !== null && answer.status < 500) {
    const type = isRejection(envelope) ? UNKNOWN_TYPE : envelope.type;
    context.log.warn({ code: refusal.code, detail: refusal.detail, type }, 'refused an event');
  }
  return answer;
}

async function receive(call: IncomingCall): Promise<EventEnvelope | Rejection> {
  const read = await readBody(call, EVENT_BODY);
  return isRejection(read) ? read : readEnvelope(call, read.rawBody);
}

/** Null when the event's effects are durable. */
async function take<Deps>(
  runtime: Runtime<Deps>,
  envelope: EventEnvelope,
  context: CallContext,
): Promise<Rejection | null> {
  const route = runtime.events.get(envelope.type);
  if (route === undefined) return reject('EVENT_TYPE_UNKNOWN');
  const data = decodeEvent(route.event, envelope.type, envelope.data);
  if (isDecodeFailure(data)) return reject('EVENT_INVALID', data.failed);
  const event = {
    id: envelope.id,
    source: envelope.source,
    type: envelope.type,
    topicPartition: envelope.partition,
    topicOffset: envelope.offset,
    data,
    traceparent: context.traceparent,
    get log() {
      return context.log;
    },
  };
  try {
    const work = runtime.slots.hold(null, () => route.handle(event, runtime.deps));
    await withDeadline(work, runtime.requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
    return null;
  } catch (error) {
    return refuseThrown(error, envelope, context);
  }
}

/** A handler may put a Rejection into the error's cause, to be told with its own code. */
function refuseThrown(error: unknown, envelope: EventEnvelope, context: CallContext): Rejection {
  const { id, type, partition, offset } = envelope;
  const where = { err: error, eventId: id, type, partition, offset };
  const cause = error instanceof Error && isRejection(error.cause) ? error.cause : null;
  if (error instanceof TerminalError) {
    context.log.error(where, 'an event can never be processed');
    const permanent = cause !== null && isPermanent(ERROR_CODES[cause.code].status);
    return permanent ? cause : reject('EVENT_REFUSED', error.message);
  }
  context.log.warn(where, 'an event failed for now');
  const retried = cause !== null && ERROR_CODES[cause.code].status >= 500;
  return retried ? cause : reject('SERVICE_UNAVAILABLE');
}

/** What a KafkaSource does not deliver again. */
function isPermanent(status: number): boolean {
  return status >= 400 && status < 500 && ![404, 408, 409, 429].includes(status);
}

function done(requestId: string): Answer {
  return { status: 204, headers: { 'x-request-id': requestId }, body: undefined };
}

function note<Deps>(
  runtime: Runtime<Deps>,
  envelope: EventEnvelope | Rejection,
  status: number,
  seconds: number,
): void {
  const known = !isRejection(envelope) && runtime.events.has(envelope.type);
  const type = known ? envelope.type : UNKNOWN_TYPE;
  const outcome = status < 300 ? 'done' : status < 500 ? 'refused' : 'retry';
  runtime.instruments.recordEvent(type, outcome, seconds);
}
