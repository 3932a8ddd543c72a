// Reads what is one owner's, as a role that can see nothing else: a statement that forgets to ask
// whose a row is finds nothing of others.
import { assert } from '../domain/failure.ts';
import type { Statement } from './bundle.ts';
import { runTransaction, sendTogether, type Pool, type Tx } from './pool.ts';
import type { OwnerRole } from './roles.ts';

const BEGIN = { name: 'begin-read', text: 'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY' };
const BEGIN_AT_ONE_MOMENT = {
  name: 'begin-read-at-one-moment',
  text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
};

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
 * BEGIN and the role, and is not run should either fail.
 */
export async function readAsOwner<Result>(
  pool: Pool,
  owner: Owner,
  work: (tx: Tx) => Promise<Result>,
): Promise<Result> {
  return runTransaction(pool, async (tx) => {
    const [, , result] = await sendTogether(tx, (together) => [
      together.query(owner.atOneMoment === true ? BEGIN_AT_ONE_MOMENT : BEGIN),
      together.query(becomeOwner(owner)),
      work(together),
    ]);
    return result;
  });
}

/**
 * Own lists are read along an index, in its order: a bitmap, which looks cheaper to a planner that
 * cannot know how long a list is, would read all of it.
 */
function becomeOwner({ role, ownerNumber }: Owner): Statement {
  assert(Number.isSafeInteger(ownerNumber), 'an owner has a whole number');
  assert(ownerNumber > 0, 'an owner has a number above zero');
  return {
    name: 'become-owner',
    text: `SELECT set_config('role', $1, true), set_config('bourse.owner_number', $2, true),
       set_config('enable_bitmapscan', 'off', true)`,
    values: [role, String(ownerNumber)],
  };
}
