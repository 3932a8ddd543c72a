// How this function reads what is one user's: as a role that sees the user's orders and no others.
import type { Pool, Tx } from '../../../shared/db/pool.ts';
import { readAsOwner } from '../../../shared/db/read-as-owner.ts';

export function readOwn<Result>(
  pool: Pool,
  userNumber: number,
  read: (tx: Tx) => Promise<Result>,
): Promise<Result> {
  return readAsOwner(pool, { role: 'bourse_orders_own', ownerNumber: userNumber }, read);
}
