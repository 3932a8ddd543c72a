// Step-up where a factor is added. The host has asked for one from users with a factor; here it is
// asked once more under the lock, since the first factor may have come in between.
import type { Queryable } from '../../../shared/db/pool.ts';
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { STEP_UP_HEADER } from '../../../shared/function/auth/step-up.ts';
import { hasFactor } from './change.ts';

/** Null when the request came with a step-up, which the host has used up, or needs none. */
export async function refuseUnproven(
  db: Queryable,
  request: { readonly headers: Readonly<Record<string, string>> },
  userNumber: number,
): Promise<Rejection | null> {
  if (request.headers[STEP_UP_HEADER] !== undefined) return null;
  return (await hasFactor(db, userNumber)) ? reject('STEP_UP_REQUIRED') : null;
}
