// A transaction that also tells somebody something: the mails commit with what caused them, and go
// out right after.
import type { OutboxRow } from '../../../shared/bus/outbox-store.ts';
import { withTransaction, type Tx } from '../../../shared/db/pool.ts';
import type { Rejection } from '../../../shared/domain/rejection.ts';
import type { MailTemplate } from '../../../shared/events/mail.ts';
import { draftMail, type Mail, type Recipient } from '../../../shared/mail/draft-mail.ts';
import type { User } from '../decide.ts';
import type { UsersDeps } from '../deps.ts';
import { hasAllowance, noteMail } from '../store/mails.ts';

export class Mails {
  readonly rows: OutboxRow[] = [];
  readonly #deps: UsersDeps;
  readonly #tx: Tx;
  readonly #nowMs: number;

  constructor(deps: UsersDeps, tx: Tx, nowMs: number) {
    this.#deps = deps;
    this.#tx = tx;
    this.#nowMs = nowMs;
  }

  async add<Template extends MailTemplate>(
    recipient: Recipient,
    mail: Mail<Template>,
  ): Promise<void> {
    const head = { source: '/users', nowMs: this.#nowMs };
    const { id, row } = draftMail(this.#deps.mailRing, recipient, mail, head);
    const { userNumber } = recipient;
    if (userNumber !== null) {
      const note = { id, userNumber, template: mail.template };
      await noteMail(this.#tx, note, new Date(this.#nowMs));
    }
    this.rows.push(row);
  }

  /** To nobody: costs what a mail costs, so that a stranger cannot tell whether there was one. */
  async addNone(email: string): Promise<void> {
    const nobody = { userNumber: null, email, language: 'en', antiPhishingCode: null };
    await this.add(nobody, { template: 'none', values: {} });
  }

  /** What a stranger can ask for has an allowance. The user is locked. */
  mayAdd(userNumber: number, template: MailTemplate): Promise<boolean> {
    return hasAllowance(this.#tx, userNumber, template, this.#nowMs);
  }
}

/** Carries a refusal out of a transaction that it rolls back. */
class Refused extends Error {
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    super(rejection.code);
    this.rejection = rejection;
  }
}

/** Answers what `work` answers. Nothing of it stays when that is a refusal, or when it throws. */
export async function withMails(
  deps: UsersDeps,
  nowMs: number,
  work: (tx: Tx, mails: Mails) => Promise<Rejection | null>,
): Promise<Rejection | null> {
  let ids: readonly number[];
  try {
    ids = await withTransaction(deps.pool, async (tx) => {
      const mails = new Mails(deps, tx, nowMs);
      const rejection = await work(tx, mails);
      if (rejection !== null) throw new Refused(rejection);
      return deps.outbox.insert(tx, mails.rows);
    });
  } catch (error) {
    if (error instanceof Refused) return error.rejection;
    throw error;
  }
  // Nobody waits for the log: a sweeper publishes what this attempt does not.
  deps.outbox.publishNow(ids).catch((error: unknown) => {
    deps.log.warn({ err: error }, 'mails are left to the sweeper');
  });
  return null;
}

/** At the address that is theirs now. */
export function recipientOf(user: User, email: string): Recipient {
  const { userNumber, language, antiPhishingCode } = user;
  return { userNumber, email, language, antiPhishingCode };
}
