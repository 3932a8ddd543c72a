// What a sign-in came to: in the audit log when there is a session, else in the log; and counted.
import { appendAudit } from '../../../shared/audit/append.ts';
import { byUser } from '../../../shared/audit/by-user.ts';
import type { Tx } from '../../../shared/db/pool.ts';
import { userId } from '../../../shared/domain/ids.ts';
import { isRejection, type Rejection } from '../../../shared/domain/rejection.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import type {
  Counter,
  Labelled,
  MetricsRegistry,
} from '../../../shared/telemetry/metrics/registry.ts';
import type { OpenedSession, SignedIn } from './open-session.ts';

export type SignInCounter = Labelled<Counter>;

export function registerSignIns(metrics: MetricsRegistry): SignInCounter {
  const help = 'Steps of signing in, by what they came to: a status, or the code of a refusal.';
  return metrics.counter('bourse_sign_ins_total', help, ['outcome']);
}

/** Last in the transaction that opens the session: the log is locked from here to its end. */
export async function auditSignIn(
  tx: Tx,
  { userNumber, amr, address }: SignedIn,
  { sessionId }: OpenedSession,
  requestId: string,
): Promise<void> {
  const change = {
    action: 'sessions.sign_in',
    subject: sessionId,
    before: null,
    after: { amr: [...amr], address },
    requestId,
  };
  await appendAudit(tx, byUser('auth', { userId: userId(userNumber) }, change));
}

/** A refusal is logged without saying who it was: the request's id leads to what is known of it. */
export function countSignIn<Outcome extends { readonly status: string } | Rejection>(
  outcome: Outcome,
  counter: SignInCounter,
  log: Logger,
): Outcome {
  if (isRejection(outcome)) {
    counter.with(outcome.code).add();
    log.info({ outcome: outcome.code }, 'a sign-in was refused');
  } else {
    counter.with(outcome.status).add();
  }
  return outcome;
}
