// CloudEvents 1.0 over HTTP: binary mode (`ce-*` headers, what a KafkaSource sends) and structured
// mode (one JSON document). Answers one shape, or why the request is no event.
import { reject, type Rejection } from '../../domain/rejection.ts';
import { parseContentType } from '../../http/content-type.ts';
import { decodeEscapes } from '../../http/query.ts';
import { JsonFault, parseStrictJson } from '../../http/strict-json.ts';
import type { IncomingCall } from './wire.ts';

export interface EventEnvelope {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly partition: number | null;
  readonly offset: number | null;
  readonly traceparent: string | undefined;
  /** JSON text. */
  readonly data: string;
}

/** Longest id, source or type that is taken. */
const ATTRIBUTE_CHARACTERS_MAX = 1_024;

const STRUCTURED = 'application/cloudevents+json';

export function readEnvelope(call: IncomingCall, rawBody: Buffer): EventEnvelope | Rejection {
  const header = call.headers['content-type'];
  // The framework answers 500 to an event without Content-Type. We take it for JSON.
  const type = header === undefined ? null : parseContentType(header);
  if (type?.mediaType === STRUCTURED) return readStructured(call, rawBody);
  if (type !== null && (type.mediaType !== 'application/json' || !type.utf8)) {
    return reject('BODY_TYPE_NOT_SUPPORTED', 'event data must be JSON in UTF-8');
  }
  const attribute = (name: string): string | undefined => {
    const value = call.headers[`ce-${name}`];
    return value === undefined ? undefined : (decodeEscapes(value) ?? undefined);
  };
  return envelope(attribute, call.headers['traceparent'], rawBody.toString('utf8'));
}

/** Read by hand: the SDK makes up an id where one is missing, and we could not tell. */
function readStructured(call: IncomingCall, rawBody: Buffer): EventEnvelope | Rejection {
  const document = parseStrictJson(rawBody);
  if (document instanceof JsonFault) return reject('EVENT_INVALID', document.detail);
  if (typeof document !== 'object' || document === null) {
    return reject('EVENT_INVALID', 'the body is no CloudEvent');
  }
  const event: Readonly<Record<string, unknown>> = { ...document };
  const attribute = (name: string): string | undefined => {
    const value = event[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const encoded = event['data_base64'];
  const data =
    typeof encoded === 'string'
      ? Buffer.from(encoded, 'base64').toString('utf8')
      : JSON.stringify(event['data'] ?? null);
  return envelope(attribute, call.headers['traceparent'], data);
}

function envelope(
  attribute: (name: string) => string | undefined,
  traceparent: string | undefined,
  data: string,
): EventEnvelope | Rejection {
  if (attribute('specversion') !== '1.0') {
    return reject('EVENT_INVALID', 'specversion must be 1.0');
  }
  const [id, source, type] = ['id', 'source', 'type'].map(attribute);
  if (!isAttribute(id) || !isAttribute(source) || !isAttribute(type)) {
    return reject('EVENT_INVALID', 'id, source and type are required');
  }
  return {
    id,
    source,
    type,
    partition: readNumber(attribute('knativekafkapartition')),
    offset: readNumber(attribute('knativekafkaoffset')),
    traceparent: attribute('traceparent') ?? traceparent,
    data,
  };
}

function isAttribute(value: string | undefined): value is string {
  return value !== undefined && value !== '' && value.length <= ATTRIBUTE_CHARACTERS_MAX;
}

function readNumber(text: string | undefined): number | null {
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
}
