// Sends a record of commands that came to a shard too late, because its market had left, to where
// the market is now. The protocol of moves leaves no such record but repeats; should there be one
// all the same, its commands were accepted and must be done.
import { readRange } from '../bus/read-range.ts';
import type { Bus, IncomingRecord } from '../bus/bus.ts';
import type { Outbox } from '../bus/outbox.ts';
import { withTransaction, type Pool } from '../db/pool.ts';
import { TerminalError } from '../domain/failure.ts';
import { TOPICS } from '../events/catalog.ts';
import { decodeEvent, isDecodeFailure } from '../events/envelope.ts';
import { parsePosition, type Position } from '../dead-letters/position.ts';
import { findMarket } from './market-store.ts';

const INPUT = TOPICS['orders.accepted'].name;
const LETTERS = TOPICS['dead-letters'].name;
/** What the engine writes on the letter of a record that came to a tombstone. */
const CAUSE = /has moved to shard [0-9]+ by move [0-9]+/;

/**
 * `letter` is the place of its dead letter, such as `0@17`. What is sent is the record itself, out of the command
 * log: a letter can say anything. Answers the shard. Repeating is harmless: the market knows the
 * commands by their numbers. Throws TerminalError for a letter of anything else.
 */
export async function forwardRecord(
  { pool, outbox, bus }: { readonly pool: Pool; readonly outbox: Outbox; readonly bus: Bus },
  letter: string,
): Promise<number> {
  const place = parsePosition(letter);
  if (place === null) throw new TerminalError(`${letter} is no place of a dead letter: 0@17 is`);
  const origin = originOf(await readOne(bus, LETTERS, place));
  const record = await readOne(bus, INPUT, origin);
  const type = record.headers['ce_type'];
  const accepted = decodeEvent('commandsAccepted', type, record.value.toString('utf8'));
  if (isDecodeFailure(accepted))
    throw new TerminalError(`it holds no commands: ${accepted.failed}`);
  const { market } = accepted;
  const sent = await withTransaction(pool, async (tx) => {
    // No move may begin before the record is in the outbox, where its drain sees it.
    await tx.query('LOCK TABLE reference.markets IN SHARE ROW EXCLUSIVE MODE');
    const stored = await findMarket(tx, market);
    if (stored === null) throw new TerminalError(`no market ${market}`);
    if (stored.movingTo !== null) throw new TerminalError(`${market} is moving: finish that first`);
    const { shard } = stored;
    if (shard === origin.partition) throw new TerminalError(`${market} is on shard ${shard} again`);
    const { key, headers } = record;
    const value = record.value.toString('utf8');
    const row = { topic: INPUT, partition: shard, key, headers, value };
    return { shard, outboxIds: await outbox.insert(tx, [row]) };
  });
  await outbox.publishNow(sent.outboxIds);
  return sent.shard;
}

/** Where the record of an engine's letter is in the command log. */
function originOf({ headers }: IncomingRecord): Position {
  const error = Buffer.from(headers['ce_knativeerrordata'] ?? '', 'base64').toString('utf8');
  const isOfEngine = /^\/engine-daemon\/[0-9]+$/.test(headers['ce_knativeerrordest'] ?? '');
  const partition = Number(headers['ce_kafkapartition'] ?? NaN);
  const offset = Number(headers['ce_kafkaoffset'] ?? NaN);
  const isPlace = Number.isSafeInteger(partition) && Number.isSafeInteger(offset);
  if (isOfEngine && isPlace && CAUSE.test(error)) return { partition, offset };
  throw new TerminalError('this is no letter of a record that came after its market had moved');
}

async function readOne(bus: Bus, topic: string, at: Position): Promise<IncomingRecord> {
  const { partition, offset } = at;
  const [record] = await readRange(bus, { topic, partition, from: offset, countMax: 1 });
  if (record?.offset === offset) return record;
  throw new TerminalError(`there is no record ${topic}/${partition}@${offset}`);
}
