// CloudEvents 1.0 in Kafka binary mode: attributes in `ce_*` headers, data as the record's value.
// Pure: ids and time come in.
import { z } from 'zod';
import { EVENTS, TOPICS, type EventName } from './catalog.ts';

export interface EncodedEvent {
  readonly topic: string;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text of the data. */
  readonly data: string;
}

export interface EventHead {
  /** Unique per source; consumers dedupe on business keys, this is for people and traces. */
  readonly id: string;
  readonly source: string;
  readonly timeMs: number;
  readonly traceparent?: string | undefined;
}

/** Writes an event of the catalog. The data is not checked again: it was made by our own types. */
export function encodeEvent<Name extends EventName>(
  name: Name,
  key: string | null,
  data: z.input<(typeof EVENTS)[Name]['schema']>,
  head: EventHead,
): EncodedEvent {
  const facts = EVENTS[name];
  return {
    topic: TOPICS[facts.topic].name,
    key,
    headers: {
      // Without it a CloudEvent over HTTP has no Content-Type, which the framework answers with
      // 500.
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_type: facts.type,
      ce_id: head.id,
      ce_source: head.source,
      ce_time: new Date(head.timeMs).toISOString(),
      ...(head.traceparent === undefined ? {} : { ce_traceparent: head.traceparent }),
    },
    data: JSON.stringify(data),
  };
}

export type DecodeFailure = { readonly failed: string };

/** Reads the data of one catalog event; answers what does not fit instead of throwing. */
export function decodeEvent<Name extends EventName>(
  name: Name,
  type: string | undefined,
  value: string,
): z.output<(typeof EVENTS)[Name]['schema']> | DecodeFailure {
  const facts = EVENTS[name];
  if (type !== facts.type) return { failed: `type is ${type ?? 'missing'}, not ${facts.type}` };
  let data: unknown;
  try {
    data = JSON.parse(value);
  } catch {
    return { failed: 'the data is not JSON' };
  }
  const parsed = facts.schema.safeParse(data);
  if (!parsed.success) return { failed: z.prettifyError(parsed.error) };
  return parsed.data as z.output<(typeof EVENTS)[Name]['schema']>;
}

export function isDecodeFailure(value: unknown): value is DecodeFailure {
  return typeof value === 'object' && value !== null && 'failed' in value;
}
