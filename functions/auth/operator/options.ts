// The command line of `npm run auth`.
import { parseArgs } from 'node:util';
import { flagFault } from '../../../shared/config/flag-fault.ts';
import { readOperator, UsageError, type Operator } from '../../../shared/operator/operator.ts';

export const USAGE = `npm run auth -- <command> [options]

  keys list      the keys that access tokens are signed with, and the last 20 changes
  keys rotate    the key that stands by signs from now on, or as soon as it has been published for
                 15 minutes; the old one is believed for another hour, so nobody is refused
    --now        the key that signs has leaked: the next signs at once, and what the old one has
                 signed is refused as soon as every process has renewed its keys, in 5 minutes

  keys replace-all
                 what the keys were sealed with is lost: makes new ones under the ring that is there
                 now, and no token of before is believed. Restart the auth function with that ring

  --reason TEXT  why; needed for all that changes something, kept for ever
  --actor NAME   who; the name of your account unless given
  --help         this text

DATABASE_URL      the database, as bourse_auth
SEALING_KEYS_DIR  the folder with the ring auth.json, which private keys are sealed with`;

export type Command =
  | { readonly kind: 'list-keys' }
  | { readonly kind: 'rotate-keys'; readonly withdraw: boolean; readonly operator: Operator }
  | { readonly kind: 'replace-keys'; readonly operator: Operator };

/** Null when help is asked for. Throws UsageError for anything that is not quite right. */
export function readCommand(args: readonly string[], account: string): Command | null {
  const { values: flags, positionals } = parse(args);
  if (flags.help === true || positionals.length === 0) return null;
  const words = positionals.join(' ');
  switch (words) {
    case 'keys list':
      if (flags.reason !== undefined || flags.actor !== undefined || flags.now !== undefined) {
        throw new UsageError('keys list changes nothing: no --reason, no --actor, no --now');
      }
      return { kind: 'list-keys' };
    case 'keys rotate':
      return {
        kind: 'rotate-keys',
        withdraw: flags.now === true,
        operator: readOperator(flags, account),
      };
    case 'keys replace-all':
      if (flags.now !== undefined) throw new UsageError('keys replace-all is at once: no --now');
      return { kind: 'replace-keys', operator: readOperator(flags, account) };
    default:
      throw new UsageError(`no command ${words}`);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        now: { type: 'boolean' },
        reason: { type: 'string' },
        actor: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new UsageError(flagFault(cause), { cause });
  }
}
