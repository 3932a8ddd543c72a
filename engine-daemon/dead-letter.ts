// A record that can never be carried out goes to the dead letters as it came, with its cause in the
// same extension attributes that Knative puts on an event it gave up.
import type { IncomingRecord, OutgoingRecord } from '../shared/bus/bus.ts';
import { checkRecord } from '../shared/bus/record-limits.ts';
import { TerminalError } from '../shared/domain/failure.ts';
import { TOPICS } from '../shared/events/catalog.ts';

/** Bytes of the cause that are kept; Knative keeps as many of a response body. */
const CAUSE_BYTES_MAX = 1_024;

/** What a function answers to an event that does not fit its schema: EVENT_INVALID. */
const ERROR_STATUS = '400';

/**
 * The dead letter of `record`. The same record gives the same letter on every replay; its position
 * in the command log is in `ce_kafkatopic` and its neighbours, so repeats can be told.
 */
export function deadLetter(record: IncomingRecord, shard: number, cause: string): OutgoingRecord {
  const body = JSON.stringify({ code: 'EVENT_INVALID', detail: cause });
  const added = {
    ce_knativeerrordest: `/engine-daemon/${shard}`,
    ce_knativeerrorcode: ERROR_STATUS,
    ce_knativeerrordata: Buffer.from(body).subarray(0, CAUSE_BYTES_MAX).toString('base64'),
    ce_kafkatopic: record.topic,
    ce_kafkapartition: String(record.partition),
    ce_kafkaoffset: String(record.offset),
  };
  const topic = TOPICS['dead-letters'].name;
  const letter = {
    topic,
    key: record.key,
    headers: { ...record.headers, ...added },
    value: record.value,
  };
  if (isPublishable(letter)) return letter;
  // A record that was as big as a record may be has no room for its cause: the letter then only
  // says where the record is. The command log keeps it for ever.
  return { topic, key: null, headers: added, value: Buffer.alloc(0) };
}

function isPublishable(record: OutgoingRecord): boolean {
  try {
    checkRecord(record);
    return true;
  } catch (error) {
    if (error instanceof TerminalError) return false;
    throw error;
  }
}
