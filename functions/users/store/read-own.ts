// How this function reads what is one user's: as a role that sees this user's rows and no others.
import type { Pool, Tx } from '../../../shared/db/pool.ts';
import { readAsOwner, type Owner } from '../../../shared/db/read-as-owner.ts';

export function readOwn<Result>(
  pool: Pool,
  userNumber: number,
  read: (tx: Tx) => Promise<Result>,
  how: Pick<Owner, 'atOneMoment'> = {},
): Promise<Result> {
  return readAsOwner(pool, { role: 'bourse_users_own', ownerNumber: userNumber, ...how }, read);
}
