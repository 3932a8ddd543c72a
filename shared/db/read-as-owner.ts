// Reads what is one owner's, as a role that can see nothing else: a statement that forgets to ask
// whose a row is finds nothing of others.
import { assert } from '../domain/failure.ts';
import { runTransaction, sendTogether, type Pool, type Tx } from './pool.ts';
import type { OwnerRole } from './roles.ts';

export interface Owner {
  readonly role: OwnerRole;
  /** The number of the user whose rows are read. */
  readonly ownerNumber: number;
  /** All as it is at one moment; else each statement sees what is committed when it begins. */
  readonly atOneMoment?: boolean;
}

/**
 * Runs `work` in a transaction that reads only, as the owner's role. The role ends with the
 * transaction, whatever becomes of it. What `work` sends before its first await travels with the
 * BEGIN: it is for own views, which nobody but the owner's role may read, so that nothing is told
 * should the beginning fail.
 */
export async function readAsOwner<Result>(
  pool: Pool,
  owner: Owner,
  work: (tx: Tx) => Promise<Result>,
): Promise<Result> {
  const opening = openingOf(owner);
  return runTransaction(pool, async (tx) => {
    const [result] = await sendTogether(tx, () => [settle(tx.query(opening), work(tx))]);
    return result;
  });
}

/** Both are waited for: once this has failed, the connection is somebody else's. */
async function settle<Result>(opening: Promise<unknown>, work: Promise<Result>): Promise<Result> {
  await Promise.allSettled([opening, work]);
  await opening;
  return work;
}

/**
 * One text of two statements, which takes no parameters: a number and a name of ours are all that
 * is in it. Own lists are read along an index, in its order: a bitmap, which looks cheaper to a
 * planner that cannot know how long a list is, would read all of it.
 */
function openingOf({ role, ownerNumber, atOneMoment = false }: Owner): string {
  assert(Number.isSafeInteger(ownerNumber), 'an owner has a whole number');
  assert(ownerNumber > 0, 'an owner has a number above zero');
  return `BEGIN ISOLATION LEVEL ${atOneMoment ? 'REPEATABLE READ' : 'READ COMMITTED'} READ ONLY;
    SELECT set_config('role', '${role}', true),
      set_config('bourse.owner_number', '${ownerNumber}', true),
      set_config('enable_bitmapscan', 'off', true)`;
}
