// What each command of `npm run risk` does; answers lines for a person.
import type { Pool } from '../../../shared/db/pool.ts';
import { readAsOwner } from '../../../shared/db/read-as-owner.ts';
import { TerminalError } from '../../../shared/domain/failure.ts';
import { userId } from '../../../shared/domain/ids.ts';
import { listMarkets } from '../../../shared/markets/market-store.ts';
import {
  findFlags,
  findTradeGroup,
  listChanges,
  listCommonLimits,
  listLimits,
  setFlag,
  setLimit,
  setTradeGroup,
} from '../store.ts';
import type { Command } from './options.ts';

const CHANGES_MAX = 50;

/** Constraints that an operator can run into, in his words. */
export const MEANINGS: Readonly<Record<string, string>> = {
  limits_scope_fits: 'the limit is not for such a scope',
  accounts_group_is_the_owners: 'a sub-account is in the group of its owner',
  accounts_owner_has_group: 'who has sub-accounts is in a group with them',
  limits_counts_are_whole: 'a number of orders is whole',
};

export async function runCommand(pool: Pool, command: Command): Promise<readonly string[]> {
  switch (command.kind) {
    case 'flag': {
      const { userNumber, flag, on, operator } = command;
      const changed = await setFlag(pool, command, operator);
      return done(`${userId(userNumber)}: ${flag} is ${on ? 'on' : 'off'}`, changed);
    }
    case 'limit': {
      await refuseUnknownScope(pool, command.scope);
      const { scope, name, value, operator } = command;
      const changed = await setLimit(pool, command, operator);
      return done(`${whoOf(command.userNumber)}: ${scope} ${name} ${value ?? 'none'}`, changed);
    }
    case 'group': {
      const { userNumber, group, operator } = command;
      const changed = await setTradeGroup(pool, command, operator);
      return done(`${userId(userNumber)}: group ${group ?? 'none'}`, changed);
    }
    case 'show':
      return show(pool, command.userNumber);
  }
}

function done(what: string, changed: boolean): string[] {
  return [changed ? what : `${what} (nothing changed)`];
}

function whoOf(userNumber: number): string {
  return userNumber === 0 ? 'everybody' : userId(userNumber);
}

async function refuseUnknownScope(pool: Pool, scope: string): Promise<void> {
  const markets = await listMarkets(pool);
  const isKnown = markets.some(({ config }) => config.market === scope || config.base === scope);
  if (scope !== '*' && !isKnown) throw new TerminalError(`no market ${scope}, nor one of ${scope}`);
}

async function show(pool: Pool, userNumber: number): Promise<string[]> {
  const [flags, limits] = await readStanding(pool, userNumber);
  const group = await findTradeGroup(pool, userNumber);
  const changes = await listChanges(pool, userNumber, CHANGES_MAX);
  return [
    ...Object.entries(flags ?? {}).map(([flag, { on }]) => `${flag}  ${on ? 'on' : 'off'}`),
    ...(group === null ? [] : [`group  ${group}`]),
    ...limits.map(
      ({ userNumber: of, scope, name, value }) => `${whoOf(of)}  ${scope}  ${name}  ${value}`,
    ),
    ...changes.map(
      ({ at, text, actor, reason }) => `${at.toISOString()}  ${text}  ${actor}: ${reason}`,
    ),
  ];
}

/** As the user is shown it; everybody (0) has no flags. */
async function readStanding(pool: Pool, userNumber: number) {
  if (userNumber === 0) return [null, await listCommonLimits(pool)] as const;
  return readAsOwner(pool, { role: 'bourse_risk_own', ownerNumber: userNumber }, (tx) =>
    Promise.all([findFlags(tx, userNumber), listLimits(tx, userNumber)] as const),
  );
}
