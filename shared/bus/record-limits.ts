// The limits of a record, the same for every bus, checked before anything is sent.
import { TerminalError } from '../domain/failure.ts';
import type { OutgoingRecord } from './bus.ts';

/** Key, headers and value together. Below Kafka's default batch limit of 1,048,588 bytes. */
export const RECORD_BYTES_MAX = 1_000_000;
export const HEADERS_MAX = 64;

/**
 * Bytes that the record takes of a request. Throws TerminalError when it cannot be published on
 * any bus: too big, too many headers, or text that Postgres cannot hold.
 */
export function checkRecord(record: OutgoingRecord): number {
  const entries = Object.entries(record.headers);
  if (entries.length > HEADERS_MAX) {
    throw refusal(record, `has ${entries.length} headers, more than ${HEADERS_MAX}`);
  }
  let bytes = record.value.length;
  if (record.key !== null) bytes += checkText(record, record.key, 'key');
  for (const [name, value] of entries) {
    bytes += checkText(record, name, 'header name') + checkText(record, value, 'header');
  }
  if (bytes > RECORD_BYTES_MAX) {
    throw refusal(record, `is ${bytes} bytes long, more than ${RECORD_BYTES_MAX}`);
  }
  const partition = record.partition ?? 0;
  if (!Number.isInteger(partition) || partition < 0) {
    throw refusal(record, `names partition ${partition}`);
  }
  return bytes;
}

/** Kafka would store a NUL or half a surrogate pair, Postgres would not: neither takes them. */
function checkText(record: OutgoingRecord, text: string, what: string): number {
  if (text.includes('\0') || /\p{Surrogate}/u.test(text)) {
    throw refusal(record, `has a ${what} with a NUL or an unpaired surrogate`);
  }
  return Buffer.byteLength(text, 'utf8');
}

function refusal(record: OutgoingRecord, why: string): TerminalError {
  return new TerminalError(`a record for ${record.topic} ${why}`);
}
