// Turns a log record into the CloudEvent that a KafkaSource would send, in HTTP binary mode.
// `reference`: InvalidCloudEventInterceptor, CloudEventDeserializer, CloudEventOverridesMutator.
import type { IncomingRecord } from '../../../shared/bus/bus.ts';
import { binaryHeaders } from '../../../shared/events/http-binary.ts';

export interface HttpEvent {
  /** CloudEvent attributes and extensions without the `ce-` prefix. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

export interface SourceFacts {
  readonly name: string;
  readonly namespace: string;
  /** `ceOverrides.extensions`. */
  readonly extensions: Readonly<Record<string, string>>;
}

const STRUCTURED = 'application/cloudevents+json';
const SPEC_VERSIONS: ReadonlySet<string> = new Set(['1.0', '0.3']);
const REQUIRED = ['id', 'source', 'type'] as const;
const ATTRIBUTE_NAME = /^[a-z0-9]+$/;

/**
 * Answers null for a record that nothing can be made of, with no value and no CloudEvent headers:
 * it is discarded. One that claims to be a CloudEvent and is none is wrapped like any other record.
 * (The log cannot tell a value of no bytes from none; the dispatcher wraps the former.)
 */
export function recordToEvent(record: IncomingRecord, source: SourceFacts): HttpEvent | null {
  const headers = lowerCased(record.headers);
  const event = readEvent(record, headers, source);
  if (event === null) return null;
  return {
    ...event,
    attributes: {
      ...event.attributes,
      knativekafkapartition: String(record.partition),
      knativekafkaoffset: String(record.offset),
      ...source.extensions,
    },
  };
}

function readEvent(
  record: IncomingRecord,
  headers: Readonly<Record<string, string>>,
  source: SourceFacts,
): HttpEvent | null {
  const claimed =
    headers['content-type']?.toLowerCase().startsWith(STRUCTURED) === true
      ? readStructured(record)
      : readBinary(record, headers);
  if (claimed !== null) return claimed;
  return record.value.length === 0 ? null : wrapRecord(record, headers, source);
}

/** The producer wrote a CloudEvent: its attributes pass unchanged, the key adds nothing. */
function readBinary(
  record: IncomingRecord,
  headers: Readonly<Record<string, string>>,
): HttpEvent | null {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('ce_')) attributes[name.slice(3)] = value;
  }
  if (!isCloudEvent(attributes)) return null;
  return { attributes, contentType: headers['content-type'], body: record.value };
}

function readStructured(record: IncomingRecord): HttpEvent | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(record.value.toString('utf8'));
  } catch {
    return null; // it said JSON and is none
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
  const { data, data_base64: base64, datacontenttype, ...rest } = parsed as Record<string, unknown>;
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(rest)) {
    if (typeof value === 'string') attributes[name] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') {
      attributes[name] = String(value);
    } else if (value !== null) return null;
  }
  if (!isCloudEvent(attributes)) return null;
  const body =
    typeof base64 === 'string'
      ? Buffer.from(base64, 'base64')
      : Buffer.from(data === undefined ? '' : JSON.stringify(data));
  const contentType = typeof datacontenttype === 'string' ? datacontenttype : undefined;
  return { attributes, contentType: contentType ?? 'application/json', body };
}

/** What the CloudEvents SDK refuses to build an event without. */
function isCloudEvent(attributes: Readonly<Record<string, string>>): boolean {
  return (
    SPEC_VERSIONS.has(attributes['specversion'] ?? '') &&
    REQUIRED.every((name) => (attributes[name] ?? '') !== '') &&
    Object.keys(attributes).every((name) => ATTRIBUTE_NAME.test(name))
  );
}

/** The record is anything else: the source makes an event around it. */
function wrapRecord(
  record: IncomingRecord,
  headers: Readonly<Record<string, string>>,
  source: SourceFacts,
): HttpEvent {
  const attributes: Record<string, string> = {
    specversion: '1.0',
    type: 'dev.knative.kafka.event',
    source:
      `/apis/v1/namespaces/${source.namespace}` + `/kafkasources/${source.name}#${record.topic}`,
    subject: `partition:${record.partition}#${record.offset}`,
    id: `partition:${record.partition}/offset:${record.offset}`,
    time: new Date(record.timestampMs).toISOString(),
  };
  if (record.key !== null && record.key !== '') {
    attributes['key'] = record.key;
    attributes['partitionkey'] = record.key;
  }
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'content-type') continue;
    attributes[`kafkaheader${name.replace(/[^a-z0-9]/g, '')}`] = value;
  }
  return { attributes, contentType: headers['content-type']?.toLowerCase(), body: record.value };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

/** Headers of the POST. There is no Content-Type unless the record had one. */
export function eventHeaders(event: HttpEvent, namespace: string): Record<string, string> {
  return { prefer: 'reply', 'kn-namespace': namespace, ...binaryHeaders(event) };
}
