// `npm run auth -- clients …`: what an operator does about OAuth clients.
import { parseArgs } from 'node:util';
import { flagFault } from '../../../shared/config/flag-fault.ts';
import type { Pool } from '../../../shared/db/pool.ts';
import { SCOPES, type Scope } from '../../../shared/domain/caller.ts';
import { TerminalError } from '../../../shared/domain/failure.ts';
import { clientId, parseClientId, parseUserId, userId } from '../../../shared/domain/ids.ts';
import { readOperator, UsageError, type Operator } from '../../../shared/operator/operator.ts';
import { drawSecret, hashSecret } from '../../../shared/secrets/token.ts';
import { findRedirectFault } from '../oauth/redirect-uri.ts';
import { readScopes } from '../oauth/scopes.ts';
import * as store from '../oauth/store/clients.ts';

export const CLIENTS_USAGE = `npm run auth -- clients <command> [options]

  create         a client; prints its id and, once, its secret
    --name TEXT           what users are shown
    --scopes "read trade" the most it may ask for; withdraw only for institutions
    --redirect-uri URI    where users are sent back to, compared as it stands; may be repeated
    --public              it can keep no secret: an app on a phone, a page in a browser
    --user usr_…          an institution: acts for this user by its secret, and for nobody else
  list           all clients
  rotate-secret cli_…     prints a new secret, once
    --overlap HOURS       the old one is taken for so long beside it, 24 unless given, at most 720;
                          0 when it has leaked
  disable cli_…           for good; what users have granted it ends, its tokens are refused

  --reason TEXT  why; needed for all that changes something, kept for ever
  --actor NAME   who; the name of your account unless given`;

/** Constraints that an operator can run into, in his words. */
export const CLIENTS_MEANINGS: Readonly<Record<string, string>> = {
  oauth_clients_withdraw_institutions: 'withdraw is for institutions alone',
  oauth_clients_redirect_uris_few: 'at most ten redirect URIs',
  oauth_clients_name_length: 'a name has 1 to 100 characters',
};

export type ClientsCommand =
  | {
      readonly kind: 'create';
      readonly name: string;
      readonly scopes: readonly Scope[];
      readonly redirectUris: readonly string[];
      readonly isPublic: boolean;
      readonly userNumber: number | null;
      readonly operator: Operator;
    }
  | { readonly kind: 'list' }
  | {
      readonly kind: 'rotate-secret';
      readonly clientNumber: number;
      readonly overlapHours: number;
      readonly operator: Operator;
    }
  | { readonly kind: 'disable'; readonly clientNumber: number; readonly operator: Operator };

const OVERLAP_HOURS_DEFAULT = 24;
const OVERLAP_HOURS_MAX = 720;
const HOUR_MS = 3_600_000;

type Flags = ReturnType<typeof parse>['values'];

/** `args` follow the word clients. Null when help is asked for; throws UsageError. */
export function readClientsCommand(
  args: readonly string[],
  account: string,
): ClientsCommand | null {
  const { values: flags, positionals } = parse(args);
  if (flags.help === true || positionals.length === 0) return null;
  const [word = '', ...rest] = positionals;
  switch (word) {
    case 'create':
      if (rest.length > 0) throw new UsageError(`clients create: what is ${rest.join(' ')}?`);
      return readCreate(flags, account);
    case 'list':
      if (rest.length > 0 || Object.keys(flags).length > 0) {
        throw new UsageError('clients list takes nothing');
      }
      return { kind: 'list' };
    case 'rotate-secret':
    case 'disable': {
      const { reason, actor, overlap, ...others } = flags;
      if (rest.length !== 1 || Object.keys(others).length > 0) {
        throw new UsageError(`clients ${word} cli_…`);
      }
      const clientNumber = parseClientId(rest[0]);
      if (clientNumber === null) throw new UsageError(`${rest[0] ?? ''} is no client id`);
      const operator = readOperator({ reason, actor }, account);
      if (word === 'rotate-secret') {
        return { kind: word, clientNumber, overlapHours: readOverlap(overlap), operator };
      }
      if (overlap !== undefined) throw new UsageError('clients disable takes no --overlap');
      return { kind: word, clientNumber, operator };
    }
    default:
      throw new UsageError(`no command clients ${word}`);
  }
}

function readOverlap(text = String(OVERLAP_HOURS_DEFAULT)): number {
  const hours = /^\d{1,3}$/.test(text) ? Number(text) : OVERLAP_HOURS_MAX + 1;
  if (hours <= OVERLAP_HOURS_MAX) return hours;
  throw new UsageError(`--overlap ${text}: whole hours, 0 to ${OVERLAP_HOURS_MAX}`);
}

function readCreate(flags: Flags, account: string): ClientsCommand {
  const { name = '', user } = flags;
  if (flags.overlap !== undefined) throw new UsageError('clients create takes no --overlap');
  if (name.trim() === '') throw new UsageError('--name TEXT is needed');
  const scopes = readScopes(flags.scopes ?? '', SCOPES);
  if (scopes === null) throw new UsageError(`--scopes "…": some of ${SCOPES.join(', ')}`);
  const redirectUris = flags['redirect-uri'] ?? [];
  for (const uri of redirectUris) {
    const fault = findRedirectFault(uri);
    if (fault !== null) throw new UsageError(`--redirect-uri ${uri} ${fault}`);
  }
  const isPublic = flags.public === true;
  const userNumber = user === undefined ? null : parseUserId(user);
  if (user !== undefined && userNumber === null) throw new UsageError(`${user} is no user id`);
  if (userNumber !== null && (isPublic || redirectUris.length > 0)) {
    throw new UsageError('an institution has a secret, and no user who is sent back');
  }
  if (userNumber === null && redirectUris.length === 0) {
    throw new UsageError('--redirect-uri URI is needed, or --user for an institution');
  }
  if (userNumber === null && scopes.includes('withdraw')) {
    throw new UsageError('withdraw is for institutions alone');
  }
  const operator = readOperator(flags, account);
  const kind = 'create';
  return { kind, name: name.trim(), scopes, redirectUris, isPublic, userNumber, operator };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        scopes: { type: 'string' },
        'redirect-uri': { type: 'string', multiple: true },
        public: { type: 'boolean' },
        user: { type: 'string' },
        overlap: { type: 'string' },
        reason: { type: 'string' },
        actor: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new UsageError(flagFault(cause), { cause });
  }
}

/** Answers lines for a person. Throws TerminalError where there is nothing to act on. */
export async function runClientsCommand(
  pool: Pool,
  command: ClientsCommand,
  nowMs: number,
): Promise<readonly string[]> {
  switch (command.kind) {
    case 'create': {
      const { isPublic, operator, ...client } = command;
      const secret = isPublic ? null : drawSecret('bcs');
      const secretHash = secret === null ? null : hashSecret(secret);
      const clientNumber = await store.createClient(pool, { ...client, secretHash }, operator);
      return [`client  ${clientId(clientNumber)}`, ...(secret === null ? [] : showOnce(secret))];
    }
    case 'list':
      return (await store.listClients(pool)).map(describeClient);
    case 'rotate-secret': {
      const { clientNumber, overlapHours, operator } = command;
      const secret = drawSecret('bcs');
      const hash = hashSecret(secret);
      const untilMs = overlapHours === 0 ? null : nowMs + overlapHours * HOUR_MS;
      if (await store.rotateSecret(pool, clientNumber, hash, untilMs, operator)) {
        const until = untilMs === null ? 'no longer' : `until ${new Date(untilMs).toISOString()}`;
        return [...showOnce(secret), `The old secret is taken ${until}.`];
      }
      throw new TerminalError(`${clientId(clientNumber)} is no active client with a secret`);
    }
    case 'disable': {
      const { clientNumber, operator } = command;
      const ended = await store.disableClient(pool, clientNumber, operator, nowMs);
      if (ended === null) throw new TerminalError(`no active client ${clientId(clientNumber)}`);
      return [`${clientId(clientNumber)} is disabled; grants ended: ${ended}`];
    }
  }
}

function showOnce(secret: string): string[] {
  return [`secret  ${secret}`, 'It is shown this once: only its hash is kept.'];
}

function describeClient(client: store.ListedClient): string {
  const { userNumber, hasSecret, grants } = client;
  const kind = hasSecret ? 'confidential' : 'public';
  return [
    clientId(client.clientNumber),
    client.status,
    userNumber === null ? kind : `institution of ${userId(userNumber)}`,
    client.scopes.join(' '),
    `grants: ${grants}`,
    client.name,
    ...client.redirectUris,
  ].join('  ');
}
