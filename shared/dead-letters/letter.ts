// What a record of the dead letters says: which event, who could not take it, and why.
import type { IncomingRecord } from '../bus/bus.ts';
import { EVENTS } from '../events/catalog.ts';
import type { BinaryEvent } from '../events/http-binary.ts';
import { formatPosition, type Position } from './position.ts';

/** Added on the way to the dead letters: not part of the event. */
const ERROR_ATTRIBUTES = ['knativeerrordest', 'knativeerrorcode', 'knativeerrordata'] as const;

export interface DeadLetter {
  readonly position: Position;
  readonly at: Date;
  /** The function that failed, or `engine-daemon`; `unknown` when the letter does not say. */
  readonly consumer: string;
  /** Where it was sent; null where it cannot be sent again. */
  readonly destination: URL | null;
  readonly event: BinaryEvent;
  readonly body: Buffer;
  /** Topic, partition and offset of the event itself, as far as they are known. */
  readonly origin: string;
  readonly originTopic: string | null;
  readonly code: string | null;
  readonly error: string;
}

export function readLetter(record: IncomingRecord): DeadLetter {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(record.headers)) {
    if (name.startsWith('ce_')) attributes[name.slice(3)] = value;
  }
  const destination = readDestination(attributes['knativeerrordest'] ?? '');
  const error = Buffer.from(attributes['knativeerrordata'] ?? '', 'base64').toString('utf8');
  const event = Object.fromEntries(
    Object.entries(attributes).filter(([name]) => !ERROR_ATTRIBUTES.some((each) => each === name)),
  );
  const originTopic = findTopic(attributes);
  const partition = attributes['kafkapartition'] ?? attributes['knativekafkapartition'] ?? '?';
  const offset = attributes['kafkaoffset'] ?? attributes['knativekafkaoffset'] ?? '?';
  return {
    position: { partition: record.partition, offset: record.offset },
    at: new Date(record.timestampMs),
    consumer: destination.consumer,
    destination: destination.url,
    event: { attributes: event, contentType: record.headers['content-type'] },
    body: record.value,
    origin: `${originTopic ?? '?'}/${partition}@${offset}`,
    originTopic,
    code: attributes['knativeerrorcode'] ?? null,
    error,
  };
}

const SERVICE_HOST = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/;
const ENGINE = /^\/engine-daemon\/[0-9]+$/;

/**
 * Anybody who may write to the topic chooses this address: only functions that take events are
 * ever called, whatever else it may name.
 */
function readDestination(text: string): { consumer: string; url: URL | null } {
  if (ENGINE.test(text)) return { consumer: 'engine-daemon', url: null };
  if (!URL.canParse(text)) return { consumer: 'unknown', url: null };
  const url = new URL(text);
  const service = url.protocol === 'http:' ? SERVICE_HOST.exec(url.host)?.[1] : undefined;
  const consumers = Object.values(EVENTS).flatMap((event): readonly string[] => event.consumers);
  if (service === undefined || !consumers.includes(service)) {
    return { consumer: 'unknown', url: null };
  }
  return { consumer: service, url };
}

function findTopic(attributes: Readonly<Record<string, string>>): string | null {
  if (attributes['kafkatopic'] !== undefined) return attributes['kafkatopic'];
  const facts = Object.values(EVENTS).find((event) => event.type === attributes['type']);
  if (facts !== undefined) return facts.topic;
  // A record that was no CloudEvent was wrapped: its source names the topic.
  return /^\/apis\/v1\/namespaces\/.*#(.+)$/.exec(attributes['source'] ?? '')?.[1] ?? null;
}

/** Why a letter cannot be sent to its consumer again; null when it can. */
export function whyNotRedrivable(letter: DeadLetter): string | null {
  if (letter.destination !== null) return null;
  if (letter.consumer === 'engine-daemon' && /has moved to shard [0-9]/.test(letter.error)) {
    return `its market has moved: npm run markets -- forward ${formatPosition(letter.position)}`;
  }
  if (letter.consumer === 'engine-daemon') {
    return (
      `the command log keeps it at ${letter.origin}, and the engine judges it the same on every ` +
      'replay: correct what produced it and send a new command'
    );
  }
  return `${formatPosition(letter.position)} names no function that takes events`;
}
