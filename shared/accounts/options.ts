// What `npm run accounts` is asked to do, from its arguments. Says what is wrong in one sentence.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { parseUserId } from '../domain/ids.ts';

export const HELP = `npm run accounts -- <command> usr_...

  block USER --reason TEXT     cancels all orders of the account in every market, and takes none
                               from it any more; its cancels are still taken
  unblock USER --reason TEXT   takes its orders again
  show USER                    whether it is blocked, and everything that was done with it

  --by NAME   who does it, for the record; the name of the login unless given

Repeating a command does no harm. While a market moves to another shard, it is tried again for half
a minute.

DATABASE_URL  the database, as a role that may write the schema orders
BUS_URL       the event log; the database itself unless given`;

/** What was asked for makes no sense; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type AccountOptions =
  | { readonly command: 'help' }
  | { readonly command: 'show'; readonly userNumber: number }
  | {
      readonly command: 'block' | 'unblock';
      readonly userNumber: number;
      readonly operator: string;
      readonly reason: string;
    };

const REASON_CHARACTERS_MAX = 1_000;
const OPERATOR_CHARACTERS_MAX = 100;

const userField = z
  .string({ error: 'name the account: usr_ and 16 digits' })
  .transform((text, context) => {
    const number = parseUserId(text);
    if (number !== null) return number;
    context.addIssue({ code: 'custom', message: `${text} is no account: usr_ and 16 digits` });
    return z.NEVER;
  });

const reasonField = z
  .string({ error: 'say why, for the record: --reason TEXT' })
  .trim()
  .min(1, '--reason must say something')
  .max(REASON_CHARACTERS_MAX, `--reason is longer than ${REASON_CHARACTERS_MAX} characters`);

const operatorField = z
  .string()
  .trim()
  .min(1, '--by must name somebody')
  .max(OPERATOR_CHARACTERS_MAX, `--by is longer than ${OPERATOR_CHARACTERS_MAX} characters`);

/** `login`: who is logged in. Throws UsageError. */
export function parseAccountOptions(args: readonly string[], login: string): AccountOptions {
  const { positionals, values } = readArguments(args);
  const [command, user, ...more] = positionals;
  if (command === undefined || values.help === true) return { command: 'help' };
  if (more.length > 0) throw new UsageError(`what is ${more.join(' ')}? see --help`);
  if (command !== 'show' && command !== 'block' && command !== 'unblock') {
    throw new UsageError(`no command ${command}; see --help`);
  }
  const userNumber = check(userField, user);
  if (command === 'show') return { command, userNumber };
  const operator = check(operatorField, values.by ?? login);
  return { command, userNumber, operator, reason: check(reasonField, values.reason) };
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        reason: { type: 'string' },
        by: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(problem, { cause: error });
  }
}

function check<Output>(schema: z.ZodType<Output>, value: unknown): Output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UsageError(parsed.error.issues.map((issue) => issue.message).join('; '));
}
