// What each command of `npm run auth` does; answers lines for a person.
import type { Pool } from '../../../shared/db/pool.ts';
import type { KeyRing } from '../../../shared/secrets/key-ring.ts';
import { stateOf, type KeyTimes } from '../tokens/decide.ts';
import { replaceLostKeys, rotateKeys } from '../tokens/make-keys.ts';
import { listKeyChanges, listKeys } from '../tokens/store.ts';
import type { Command } from './options.ts';

const CHANGES_MAX = 20;
const STATE_CHARACTERS = 9;

export interface OperatorDeps {
  readonly pool: Pool;
  /** Read when it is needed: looking at the keys opens none. */
  readonly sealing: () => KeyRing;
  readonly now: () => number;
}

export async function runCommand(
  { pool, sealing, now }: OperatorDeps,
  command: Command,
): Promise<readonly string[]> {
  switch (command.kind) {
    case 'list-keys': {
      const changes = await listKeyChanges(pool, CHANGES_MAX);
      return [
        ...(await listKeys(pool)).map((key) => describeKey(key, now())),
        ...changes.map(
          ({ changedAt, what, kid, actor, reason }) =>
            `${changedAt.toISOString()}  ${what} ${kid}  ${actor}: ${reason}`,
        ),
      ];
    }
    case 'rotate-keys': {
      const { operator, withdraw } = command;
      const rotation = await rotateKeys(pool, sealing(), operator, now(), withdraw);
      const at = new Date(rotation.atMs).toISOString();
      const old = withdraw ? 'is published no longer' : 'is believed for another hour';
      return [`${rotation.to} signs from ${at}; ${rotation.from} ${old}`];
    }
    case 'replace-keys': {
      const kid = await replaceLostKeys(pool, sealing(), command.operator, now());
      return [`${kid} signs from now on; none that was there before is believed`];
    }
  }
}

function describeKey(key: KeyTimes, nowMs: number): string {
  const { kid, publishedAtMs, signsFromMs, signsUntilMs, withdrawnAtMs } = key;
  const times = [
    `published ${timeOf(publishedAtMs)}`,
    ...(signsFromMs === null ? ['stands by'] : [`signs from ${timeOf(signsFromMs)}`]),
    ...(signsUntilMs === null ? [] : [`until ${timeOf(signsUntilMs)}`]),
    ...(withdrawnAtMs === null ? [] : [`withdrawn ${timeOf(withdrawnAtMs)}`]),
  ];
  return `${kid}  ${stateOf(key, nowMs).padEnd(STATE_CHARACTERS)}  ${times.join(', ')}`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
