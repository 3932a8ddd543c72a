// Redrives or drops letters, one after the other, and writes down each step before the next.
import { randomUUID } from 'node:crypto';
import type { Pool } from '../db/pool.ts';
import { isOpen, type KnownLetter } from './find-letters.ts';
import { whyNotRedrivable, type DeadLetter } from './letter.ts';
import { formatPosition, type Position } from './position.ts';
import { sendLetter } from './send-letter.ts';
import { recordAction, type ActionKind } from './store.ts';

/** A consumer that fails so often in a row is down: the rest would only fail as well. */
const FAILURES_IN_A_ROW_MAX = 3;

export interface Acting {
  readonly command: 'redrive' | 'drop';
  readonly reason: string;
  readonly actor: string;
  readonly again: boolean;
  readonly dryRun: boolean;
  readonly addresses: ReadonlyMap<string, URL>;
}

export interface Result {
  readonly position: string;
  readonly result: 'redriven' | 'dropped' | 'failed' | 'refused' | 'skipped' | 'would';
  readonly detail: string;
}

/** `letters` may hold null for a position where there is none. */
export async function actOnLetters(
  pool: Pool,
  letters: ReadonlyMap<string, KnownLetter | null>,
  acting: Acting,
): Promise<Result[]> {
  const runId = randomUUID();
  const results: Result[] = [];
  const failures = new Map<string, number>();
  for (const [position, known] of letters) {
    const consumer = known?.letter.consumer ?? '';
    if ((failures.get(consumer) ?? 0) >= FAILURES_IN_A_ROW_MAX) {
      results.push({ position, result: 'skipped', detail: `${consumer} seems to be down` });
      continue;
    }
    const result = await actOn(pool, position, known, acting, runId);
    results.push(result);
    failures.set(consumer, result.result === 'failed' ? (failures.get(consumer) ?? 0) + 1 : 0);
  }
  return results;
}

async function actOn(
  pool: Pool,
  position: string,
  known: KnownLetter | null,
  acting: Acting,
  runId: string,
): Promise<Result> {
  const refusal = whyRefused(known, acting);
  if (known === null || refusal !== null) {
    return {
      position,
      result: 'refused',
      detail: refusal ?? 'no such letter, or not kept any more',
    };
  }
  const { letter } = known;
  if (acting.dryRun) return { position, result: 'would', detail: describe(letter, acting.command) };
  const note = (action: ActionKind, detail: string | null): Promise<void> =>
    recordAction(pool, {
      position: letter.position,
      action,
      runId,
      actor: acting.actor,
      reason: acting.reason,
      consumer: letter.consumer,
      detail,
    });
  if (acting.command === 'drop') {
    await note('dropped', null);
    return { position, result: 'dropped', detail: describe(letter, 'drop') };
  }
  return redrive(letter, acting, note);
}

/**
 * A tool that dies after `started` leaves the letter as interrupted: it may be redriven without
 * --again, because consumers take an event that they have had before for what it is.
 */
async function redrive(
  letter: DeadLetter,
  acting: Acting,
  note: (action: ActionKind, detail: string | null) => Promise<void>,
): Promise<Result> {
  const position = formatPosition(letter.position);
  if (letter.destination === null) return { position, result: 'refused', detail: 'no destination' };
  await note('started', null);
  const sent = await sendLetter(letter, letter.destination, acting.addresses);
  await note(sent.delivered ? 'redriven' : 'failed', sent.detail);
  return { position, result: sent.delivered ? 'redriven' : 'failed', detail: sent.detail };
}

function whyRefused(known: KnownLetter | null, acting: Acting): string | null {
  if (known === null) return 'no such letter, or not kept any more';
  const { letter, state, latest } = known;
  if (acting.command === 'redrive') {
    const why = whyNotRedrivable(letter);
    if (why !== null) return why;
  }
  if (isOpen(state) || acting.again || latest === null) return null;
  const when = latest.at.toISOString();
  return `${state} ${when} by ${latest.actor} (${latest.reason}): --again does it once more`;
}

function describe(letter: DeadLetter, command: Acting['command']): string {
  const event = `${letter.event.attributes['type'] ?? 'unknown event'} ${letter.origin}`;
  return command === 'redrive' ? `${event} -> ${letter.consumer}` : event;
}

/** Positions given on the command line, each once, in their order. */
export function uniquePositions(positions: readonly Position[]): Position[] {
  return [...new Map(positions.map((each) => [formatPosition(each), each])).values()];
}
