// The port to whoever delivers mail. An adapter says which failures may pass.
export interface OutgoingMail {
  /** The same mail again has the same id: it becomes the Message-ID. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface MailSender {
  /**
   * Resolves when the server has taken the mail. Throws TerminalError when it never will, and
   * RetryableError for everything else. Neither error holds an address or a word of the mail.
   */
  send(mail: OutgoingMail): Promise<void>;
  close(): void;
}
