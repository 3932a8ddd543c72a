// What the command lines of operators have in common: who acts and why, times, and how it ends.
import { userInfo } from 'node:os';
import { findViolatedConstraint } from '../db/failure.ts';
import { TerminalError } from '../domain/failure.ts';

const REASON_CHARACTERS_MIN = 3;
const REASON_CHARACTERS_MAX = 500;
const ACTOR_CHARACTERS_MAX = 100;
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?Z$/;
const EXIT_NOT_DONE = 2;

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Kept with what was done, for ever. */
export interface Operator {
  readonly actor: string;
  readonly reason: string;
}

/** Throws UsageError unless there is a reason. The actor is the account's name if not given. */
export function readOperator(
  flags: { readonly actor?: string | undefined; readonly reason?: string | undefined },
  account: string,
): Operator {
  const reason = (flags.reason ?? '').trim();
  if (reason.length < REASON_CHARACTERS_MIN || reason.length > REASON_CHARACTERS_MAX) {
    throw new UsageError(
      `--reason TEXT is needed, ${REASON_CHARACTERS_MIN} to ${REASON_CHARACTERS_MAX} characters`,
    );
  }
  const actor = (flags.actor ?? account).trim();
  if (actor === '' || actor.length > ACTOR_CHARACTERS_MAX) {
    throw new UsageError(`--actor: a name of at most ${ACTOR_CHARACTERS_MAX} characters`);
  }
  return { actor, reason };
}

/** A UTC day such as 2026-01-31. Throws UsageError for anything else. */
export function readDay(flag: string, text: string): string {
  const time = Date.parse(`${text}T00:00:00Z`);
  if (DAY.test(text) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)) {
    return text;
  }
  throw new UsageError(`${flag} ${text}: a UTC day such as 2026-01-31`);
}

/** A UTC time, or the beginning of a UTC day. Throws UsageError for anything else. */
export function readTime(flag: string, text: string): Date {
  if (DAY.test(text)) return new Date(`${readDay(flag, text)}T00:00:00Z`);
  const time = TIME.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return new Date(time);
  throw new UsageError(`${flag} ${text}: a UTC time such as 2026-01-31T12:00:00Z, or a day`);
}

/**
 * Runs a command line to its end and sets the exit code: 0 when it was done, 2 when nothing could
 * be. `meanings` says what constraints of the database mean for whoever typed the command.
 */
export async function runOperatorTool(
  run: (args: readonly string[], account: string) => Promise<void>,
  meanings: Readonly<Record<string, string>>,
  complain: (line: string) => void,
): Promise<void> {
  try {
    await run(process.argv.slice(2), userInfo().username);
  } catch (error) {
    const hint = error instanceof UsageError ? ' (--help lists commands and options)' : '';
    complain(`${messageOf(error, meanings)}${hint}`);
    process.exitCode = EXIT_NOT_DONE;
  }
}

/** What went wrong, for a person: the meaning of a violated constraint where one is known. */
export function messageOf(error: unknown, meanings: Readonly<Record<string, string>>): string {
  if (error instanceof UsageError || error instanceof TerminalError) return error.message;
  const constraint = findViolatedConstraint(error);
  const meaning = constraint === null ? undefined : meanings[constraint];
  return meaning ?? (error instanceof Error ? error.message : String(error));
}
