// Changes of the fees schema with their record in the audit log, in one transaction.
import { changeAudited } from '../../../shared/audit/append.ts';
import { byOperator } from '../../../shared/audit/record.ts';
import { withTransaction, type Pool, type Tx } from '../../../shared/db/pool.ts';
import { readNewest, type FeeSubject } from '../../../shared/fees/newest.ts';
import type { Operator } from '../../../shared/operator/operator.ts';

/** Runs `change`; when it has made a new version, the newest before and after are recorded. */
export async function changeFees<Result>(
  pool: Pool,
  subject: FeeSubject,
  operator: Operator,
  change: (tx: Tx) => Promise<Result>,
): Promise<Result> {
  return withTransaction(pool, async (tx) => {
    await tx.query('SELECT fees.lock_rates()');
    const head = {
      stream: 'fees',
      action: `${subject.kind}.change`,
      subject: subject.of,
      requestId: null,
      ...byOperator(operator),
    } as const;
    return changeAudited(
      tx,
      head,
      () => readNewest(tx, subject),
      () => change(tx),
    );
  });
}
