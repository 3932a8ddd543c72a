// Sends mail by SMTP. Its own errors say what a server answered, addresses included, and are not
// passed on: ours have the numbers alone.
import { createTransport } from 'nodemailer';
import { RetryableError, TerminalError } from '../../domain/failure.ts';
import type { MailSender } from './mail-sender.ts';
import type { SmtpOptions } from './smtp-options.ts';

const CONNECTIONS_MAX = 4;
/** Together below what a delivery of an event may take. */
const CONNECT_TIMEOUT_MS = 3_000;
const GREETING_TIMEOUT_MS = 3_000;
const SOCKET_TIMEOUT_MS = 5_000;

/** After the server knew us: it speaks of this recipient or this mail, not of us. */
const ABOUT_THE_MAIL = new Set(['EENVELOPE', 'EMESSAGE']);

export function createSmtpSender(options: SmtpOptions): MailSender {
  const transport = createTransport({
    ...readUrl(options.url),
    pool: true,
    maxConnections: CONNECTIONS_MAX,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: GREETING_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    requireTLS: options.isTlsRequired,
    ignoreTLS: !options.isTlsRequired,
    tls: { minVersion: 'TLSv1.2' },
    // A mail is what we have written: it fetches nothing and reads no file.
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  });
  return {
    send: async ({ id, to, subject, text, html }) => {
      try {
        await transport.sendMail({
          from: options.from,
          // An object is one address, whatever is in it; a text would be taken apart at commas.
          to: { name: '', address: to },
          subject,
          text,
          html,
          messageId: `<${id}@${domainOf(options.from)}>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (error) {
        throw describe(error);
      }
    },
    close: () => {
      transport.close();
    },
  };
}

function readUrl(text: string) {
  const url = new URL(text);
  const isImplicit = url.protocol === 'smtps:';
  return {
    host: url.hostname,
    port: url.port === '' ? (isImplicit ? 465 : 587) : Number(url.port),
    secure: isImplicit,
    ...(url.username === ''
      ? {}
      : {
          auth: {
            user: decodeURIComponent(url.username),
            pass: decodeURIComponent(url.password),
          },
        }),
  };
}

function domainOf(from: string): string {
  return from.slice(from.lastIndexOf('@') + 1).replace(/>.*$/, '');
}

function describe(error: unknown): RetryableError | TerminalError {
  const facts = (typeof error === 'object' ? error : null) as {
    readonly code?: unknown;
    readonly responseCode?: unknown;
  } | null;
  const code = typeof facts?.code === 'string' ? facts.code : 'unknown';
  const answer = typeof facts?.responseCode === 'number' ? facts.responseCode : null;
  const what = `${code}${answer === null ? '' : ` ${answer}`}`;
  const isFinal = ABOUT_THE_MAIL.has(code) && answer !== null && answer >= 500;
  return isFinal
    ? new TerminalError(`the mail server refuses the mail for good (${what})`)
    : new RetryableError(`the mail server does not take the mail now (${what})`);
}
