// The notifications function: sends the mails that others have asked for, each once.
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS, type Pool } from '../../shared/db/pool.ts';
import { RetryableError, TerminalError } from '../../shared/domain/failure.ts';
import { parseUserId } from '../../shared/domain/ids.ts';
import {
  mailPlace,
  sealedMailSchema,
  type MailRequested,
  type SealedMail,
} from '../../shared/events/mail.ts';
import { defineFunction, onEvent } from '../../shared/function/definition.ts';
import type { MailSender } from '../../shared/providers/mail/mail-sender.ts';
import { readSmtpOptions } from '../../shared/providers/mail/smtp-options.ts';
import { createSmtpSender } from '../../shared/providers/mail/smtp-sender.ts';
import { openEmail } from '../../shared/secrets/email.ts';
import { readKeyRing, SEALING_DIR_VARIABLE, type KeyRing } from '../../shared/secrets/key-ring.ts';
import { unseal } from '../../shared/secrets/seal.ts';
import { claimMail, forgetOldMails, markSent, releaseClaim } from './store.ts';
import { renderMail } from './templates/render.ts';

const CONNECTIONS_MAX = 4;
const CLEANING_MS = 3_600_000;

export interface NotificationsDeps {
  readonly pool: Pool;
  readonly sender: MailSender;
  readonly mailRing: KeyRing;
  /** Opens addresses that a producer could not. */
  readonly usersRing: KeyRing;
  /** Of the front end: where the pages are that links in mails open. */
  readonly publicUrl: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly cleaning: NodeJS.Timeout | null;
}

export const definition = defineFunction<NotificationsDeps>({
  name: 'notifications',
  routes: [],
  events: [
    onEvent('mailRequested', async ({ data }, deps: NotificationsDeps) => sendMail(data, deps)),
  ],
  connect: (environment) => {
    const { log } = environment;
    const pool = createPool({
      url: environment.get('DATABASE_URL'),
      applicationName: 'notifications',
      connectionsMax: CONNECTIONS_MAX,
      statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
      onError: (error) => log.warn({ err: error }, 'idle connection lost'),
    });
    const cleaning = setInterval(() => {
      forgetOldMails(pool, Date.now()).catch((error: unknown) => {
        log.warn({ err: error }, 'old mails could not be forgotten');
      });
    }, CLEANING_MS).unref();
    const sealingDir = environment.get(SEALING_DIR_VARIABLE);
    return Promise.resolve({
      pool,
      sender: createSmtpSender(readSmtpOptions(environment.find)),
      mailRing: readKeyRing(sealingDir, 'mail'),
      usersRing: readKeyRing(sealingDir, 'users'),
      publicUrl: environment.get('PUBLIC_URL'),
      now: Date.now,
      cleaning,
    });
  },
  close: async (deps) => {
    if (deps.cleaning !== null) clearInterval(deps.cleaning);
    deps.sender.close();
    await deps.pool.end();
  },
  isReady: async (deps) => {
    await deps.pool.query('SELECT 1');
    return true;
  },
});

/**
 * At least once: a process that dies between the server's yes and our note of it has the mail sent
 * again. Everything else that comes twice is sent once.
 */
async function sendMail(mail: MailRequested, deps: NotificationsDeps): Promise<void> {
  const { id, template, language, sealed } = mail;
  if (template === 'none') return;
  const content = openMail(deps.mailRing, id, sealed);
  const to = content.to ?? openRecipient(deps.usersRing, mail);
  const rendered = renderMail(template, language, content, deps.publicUrl);
  if (rendered === null) throw new TerminalError(`a mail lacks values of ${template}`);
  const claim = await claimMail(deps.pool, id, deps.now());
  if (claim === 'sent') return;
  if (claim === 'claimed_by_another') throw new RetryableError('the mail is being sent already');
  try {
    await deps.sender.send({ id, to, ...rendered });
  } catch (error) {
    await releaseClaim(deps.pool, id);
    throw error;
  }
  await markSent(deps.pool, id, deps.now());
}

/** Throws SealBroken, or TerminalError that shows nothing of what was sealed. */
function openMail(ring: KeyRing, id: string, sealed: string): SealedMail {
  const plain = unseal(ring, mailPlace(id), sealed).toString();
  const parsed = sealedMailSchema.safeParse(JSON.parse(plain));
  if (!parsed.success) throw new TerminalError('what was sealed is no mail');
  return parsed.data;
}

/** Throws SealBroken, or TerminalError when the mail says nowhere whom it is for. */
function openRecipient(ring: KeyRing, { userId, recipientSealed }: MailRequested): string {
  const userNumber = parseUserId(userId);
  if (userNumber === null || recipientSealed === undefined) {
    throw new TerminalError('a mail is for nobody');
  }
  return openEmail(ring, userNumber, recipientSealed);
}
