// The mail server of the emulator: takes every mail for anybody and shows it to the developer.
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { BIND_ADDRESS } from '../data/listen.ts';

/** Older ones are forgotten. */
const MAILS_MAX = 1_000;
const MAIL_BYTES_MAX = 1_048_576;

export interface ReceivedMail {
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly receivedAt: string;
}

export class Mailbox {
  readonly #mails: ReceivedMail[] = [];
  readonly #server: SMTPServer;

  private constructor() {
    this.#server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      size: MAIL_BYTES_MAX,
      logger: false,
      onData: (stream, session, done) => {
        simpleParser(stream).then(
          (parsed) => {
            for (const { address } of session.envelope.rcptTo) {
              this.#keep({
                messageId: parsed.messageId ?? '',
                to: address,
                subject: parsed.subject ?? '',
                text: parsed.text ?? '',
                html: typeof parsed.html === 'string' ? parsed.html : '',
                receivedAt: new Date().toISOString(),
              });
            }
            done();
          },
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        );
      },
    });
    // A client that goes away in the middle is no reason to end.
    this.#server.on('error', () => undefined);
  }

  /** On a port that the system picks. */
  static async open(): Promise<Mailbox> {
    const mailbox = new Mailbox();
    await new Promise<void>((resolve, reject) => {
      mailbox.#server.server.once('error', reject);
      mailbox.#server.listen(0, BIND_ADDRESS, resolve);
    });
    return mailbox;
  }

  get url(): string {
    const { port } = this.#server.server.address() as AddressInfo;
    return `smtp://${BIND_ADDRESS}:${port}`;
  }

  /** Newest first; of one address, unless that is null. */
  list(to: string | null): ReceivedMail[] {
    const mails = to === null ? this.#mails : this.#mails.filter((mail) => mail.to === to);
    return mails.toReversed();
  }

  clear(): void {
    this.#mails.length = 0;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #keep(mail: ReceivedMail): void {
    this.#mails.push(mail);
    if (this.#mails.length > MAILS_MAX) this.#mails.shift();
  }
}
