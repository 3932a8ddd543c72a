// What one input batch did, as records of `engine.executions`: one record, or several when it would
// be too big. Made from the command log alone, save for the epoch.
import type { OutgoingRecord } from '../shared/bus/bus.ts';
import { assert } from '../shared/domain/failure.ts';
import { encodeEvent } from '../shared/events/envelope.ts';
import type { ExecutionEvent, Executions } from '../shared/events/executions.ts';

/** The longest event is about 700 bytes and touches at most two levels of 45 bytes, so a record
 *  stays below 800 kB; the bus takes 1 MB. */
export const EVENTS_PER_RECORD_MAX = 1_000;

/** The records of the outputs of one batch, in their order. */
export function executionRecords(outputs: readonly Executions[], shard: number): OutgoingRecord[] {
  const packs: Executions[][] = [];
  let events = Infinity;
  for (const piece of outputs.flatMap(cut)) {
    events += piece.events.length;
    if (events > EVENTS_PER_RECORD_MAX) {
      packs.push([]);
      events = piece.events.length;
    }
    packs.at(-1)?.push(piece);
  }
  return packs.map((pack) => executionRecord(pack, shard));
}

/**
 * An output that is cut spreads its levels over the pieces: each level is as it is after the whole
 * output, which is what the last piece leaves a reader with.
 */
function cut(output: Executions): Executions[] {
  const { events, depth } = output;
  const pieces = Math.ceil(events.length / EVENTS_PER_RECORD_MAX);
  if (pieces === 1) return [output];
  const levelsPerPiece = Math.ceil(depth.length / pieces);
  return Array.from({ length: pieces }, (_, piece) =>
    withEvents(
      output,
      events.slice(piece * EVENTS_PER_RECORD_MAX, (piece + 1) * EVENTS_PER_RECORD_MAX),
      depth.slice(piece * levelsPerPiece, (piece + 1) * levelsPerPiece),
    ),
  );
}

/** A part of an output. Its events must be a gapless run of at least one. */
export function withEvents(
  output: Executions,
  events: readonly ExecutionEvent[],
  depth = output.depth,
): Executions {
  const first = events[0];
  const last = events.at(-1);
  assert(first !== undefined && last !== undefined, `${output.market}: a record needs events`);
  assert(
    last.sequence - first.sequence === events.length - 1,
    `${output.market}: a gap between sequences ${first.sequence} and ${last.sequence}`,
  );
  return {
    ...output,
    firstSequence: first.sequence,
    lastSequence: last.sequence,
    events: [...events],
    depth,
  };
}

function executionRecord(outputs: Executions[], shard: number): OutgoingRecord {
  const [first] = outputs;
  const last = outputs.at(-1);
  assert(first !== undefined && last !== undefined, 'a record needs outputs');
  const encoded = encodeEvent(
    'executions',
    null,
    { outputs },
    {
      // Names the record well enough: no other of this log begins with this sequence.
      id: `${first.market}:${first.firstSequence}-${first.lastSequence}`,
      source: `/engine-daemon/${shard}`,
      // The markets' clock: a record must not depend on when it was made.
      timeMs: last.events.at(-1)?.timeMs ?? 0,
    },
  );
  return {
    topic: encoded.topic,
    partition: shard,
    key: encoded.key,
    headers: encoded.headers,
    value: Buffer.from(encoded.data),
  };
}
