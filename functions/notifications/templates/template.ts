// What a mail is made of: a template gives plain paragraphs, and both forms are made of them, so
// that neither can say what the other does not.
import type { MailTemplate, MailValues } from '../../../shared/events/mail.ts';

export interface MailContent {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  /** What the user is to follow. */
  readonly link?: { readonly label: string; readonly href: string };
}

export interface TemplateContext {
  /** Makes the address of a page of the front end; the token is in its fragment, which is sent to
   *  no server and stands in no log. */
  readonly page: (path: string, token: string) => string;
}

export type Template<Name extends MailTemplate> = (
  values: MailValues<Name>,
  context: TemplateContext,
) => MailContent;

/** A mail of `none` is not written. */
export type Templates = { readonly [Name in Exclude<MailTemplate, 'none'>]: Template<Name> };
