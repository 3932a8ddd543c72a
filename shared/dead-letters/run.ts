// One command of the tool on an exchange it is connected to; answers what to print.
import type { Bus } from '../bus/bus.ts';
import type { Pool } from '../db/pool.ts';
import { actOnLetters, uniquePositions, type Result } from './act.ts';
import { findLetters, getLetters, type KnownLetter } from './find-letters.ts';
import { UsageError, type Options } from './options.ts';
import { formatPosition } from './position.ts';
import { listJson, listLines, resultLines, showJson, showLines } from './report.ts';
import { listActions, lockActions } from './store.ts';

export const EXIT_DONE = 0;
export const EXIT_SOME_FAILED = 1;
export const EXIT_NOT_DONE = 2;

export interface Exchange {
  readonly bus: Bus;
  readonly pool: Pool;
  readonly addresses: ReadonlyMap<string, URL>;
}

export interface Outcome {
  readonly lines: readonly string[];
  readonly json: object;
  readonly exitCode: number;
}

export async function runCommand(exchange: Exchange, options: Options): Promise<Outcome> {
  switch (options.command) {
    case 'list': {
      const found = await findLetters(exchange.bus, exchange.pool, options.filter);
      return { lines: listLines(found), json: listJson(found), exitCode: EXIT_DONE };
    }
    case 'show':
      return show(exchange, options);
    case 'redrive':
    case 'drop':
      return act(exchange, options, options.command);
  }
}

async function show({ bus, pool }: Exchange, { positions }: Options): Promise<Outcome> {
  const [[text, known] = []] = await getLetters(bus, pool, positions);
  if (known === undefined || known === null) {
    throw new UsageError(`there is no letter ${text ?? ''}, or it is not kept any more`);
  }
  const history = await listActions(pool, known.letter.position);
  return {
    lines: showLines(known, history),
    json: showJson(known, history),
    exitCode: EXIT_DONE,
  };
}

async function act(
  exchange: Exchange,
  options: Options,
  command: 'redrive' | 'drop',
): Promise<Outcome> {
  const { pool, addresses } = exchange;
  const lock = await lockActions(pool);
  if (lock === null) throw new UsageError('another run redrives or drops letters just now');
  try {
    // Read after the lock: nobody changes their state any more.
    const letters = await chooseLetters(exchange, options);
    const acting = { ...options, command, addresses };
    const results = await actOnLetters(pool, letters, acting);
    return { lines: resultLines(results), json: { items: results }, exitCode: exitCode(results) };
  } finally {
    await lock.release();
  }
}

async function chooseLetters(
  { bus, pool }: Exchange,
  { positions, filter }: Options,
): Promise<Map<string, KnownLetter | null>> {
  if (positions.length > 0) return getLetters(bus, pool, uniquePositions(positions));
  const { items } = await findLetters(bus, pool, filter);
  return new Map(items.map((known) => [formatPosition(known.letter.position), known]));
}

function exitCode(results: readonly Result[]): number {
  const bad = results.some(({ result }) => ['failed', 'refused', 'skipped'].includes(result));
  return bad ? EXIT_SOME_FAILED : EXIT_DONE;
}
