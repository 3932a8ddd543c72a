// The command line of `npm run admin`.
import { parseArgs } from 'node:util';
import { flagFault } from '../../../shared/config/flag-fault.ts';
import { readOperator, UsageError, type Operator } from '../../../shared/operator/operator.ts';
import { ROLES, type Role } from '../decide/permissions.ts';

export const USAGE = `npm run admin -- staff <command> [options]

  create EMAIL NAME [ROLE...]  a person of the staff, with roles: ${ROLES.join(', ')}
  create EMAIL NAME --break-glass
                               an account for the day when nobody else can act: it may do all,
                               alone, and every use of it alarms
  enrol EMAIL                  another enrolment; takes the person's passkeys and session away
  disable EMAIL                the person may nothing from now on
  enable EMAIL                 what their roles let them do again

create and enrol print an enrolment, once: good for 24 h, for the person's next passkey, on the admin
host. Hand it over where nobody else can read it.

Roles of people who exist are given and taken by two of the staff, over the admin host.

  --reason TEXT  why; needed, kept for ever
  --actor NAME   who; the name of your account unless given
  --help         this text

DATABASE_URL  the database, as bourse_admin`;

export type Command =
  | {
      readonly kind: 'create';
      readonly email: string;
      readonly name: string;
      readonly roles: readonly Role[];
      readonly isBreakGlass: boolean;
      readonly operator: Operator;
    }
  | {
      readonly kind: 'disable' | 'enable';
      readonly email: string;
      readonly operator: Operator;
    }
  | { readonly kind: 'enrol'; readonly email: string; readonly operator: Operator };

/** Null when help is asked for. Throws UsageError for anything that is not quite right. */
export function readCommand(args: readonly string[], account: string): Command | null {
  const { values: flags, positionals } = parse(args);
  if (flags.help === true || positionals.length === 0) return null;
  const [noun, kind, email = '', ...rest] = positionals;
  if (noun !== 'staff') throw new UsageError(`no command ${noun ?? ''}`);
  if (!/^[^@\s]+@[^@\s]+$/.test(email))
    throw new UsageError('name the person by an e-mail address');
  const isBreakGlass = flags['break-glass'] === true;
  if (kind === 'create') {
    const [name = '', ...words] = rest;
    if (name.trim() === '') throw new UsageError('create EMAIL NAME [ROLE...]');
    const roles = words.map(readRole);
    if (isBreakGlass && roles.length > 0) throw new UsageError('break-glass needs no roles');
    const operator = readOperator(flags, account);
    return { kind, email: email.toLowerCase(), name, roles, isBreakGlass, operator };
  }
  if (kind !== 'disable' && kind !== 'enable' && kind !== 'enrol')
    throw new UsageError(`no command staff ${kind ?? ''}`);
  if (rest.length > 0 || isBreakGlass) throw new UsageError(`${kind} EMAIL`);
  return { kind, email: email.toLowerCase(), operator: readOperator(flags, account) };
}

function readRole(word: string): Role {
  const role = ROLES.find((each) => each === word);
  if (role === undefined) throw new UsageError(`no role ${word}: ${ROLES.join(', ')}`);
  return role;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        'break-glass': { type: 'boolean' },
        reason: { type: 'string' },
        actor: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new UsageError(flagFault(cause), { cause });
  }
}
