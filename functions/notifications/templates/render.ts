// Writes a mail from its template: as text and as HTML, with the user's phrase at the top.
import { MAIL_VALUES, type MailTemplate, type SealedMail } from '../../../shared/events/mail.ts';
import { ENGLISH } from './english.ts';
import type { MailContent, Template, TemplateContext, Templates } from './template.ts';

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const EXCHANGE = 'Bourse';

const LANGUAGES: Readonly<Record<string, Templates>> = { en: ENGLISH };

/** Null when the values are not those of the template. */
export function renderMail(
  template: Exclude<MailTemplate, 'none'>,
  language: string,
  mail: Pick<SealedMail, 'antiPhishingCode' | 'values'>,
  publicUrl: string,
): RenderedMail | null {
  const names: readonly string[] = MAIL_VALUES[template];
  if (names.some((name) => mail.values[name] === undefined)) return null;
  // Its values are there, whichever template it is: that was just looked at.
  const write = templatesOf(language)[template] as unknown as Template<'none'>;
  const context: TemplateContext = {
    page: (path, token) => `${publicUrl.replace(/\/$/, '')}${path}#token=${token}`,
  };
  const content = write(mail.values, context);
  return {
    subject: `[${EXCHANGE}] ${content.subject}`,
    text: writeText(content, mail.antiPhishingCode),
    html: writeHtml(content, mail.antiPhishingCode),
  };
}

/** `de-AT` is served as `de`, and what we do not speak in English. */
function templatesOf(language: string): Templates {
  return LANGUAGES[language] ?? LANGUAGES[language.slice(0, 2)] ?? ENGLISH;
}

function phrase(code: string): string {
  return `Your anti-phishing code: ${code}`;
}

const NO_PHRASE = 'You have no anti-phishing code yet: set one to know our mails from others.';

function writeText({ paragraphs, link }: MailContent, code: string | null): string {
  return [
    code === null ? NO_PHRASE : phrase(code),
    ...paragraphs,
    ...(link === undefined ? [] : [`${link.label}:\n${link.href}`]),
    EXCHANGE,
  ]
    .map((part) => part.replace(/[\r\n]+(?!https?:)/g, ' '))
    .join('\n\n')
    .concat('\n');
}

function writeHtml({ paragraphs, link }: MailContent, code: string | null): string {
  const top = escapeHtml(code === null ? NO_PHRASE : phrase(code));
  const anchor =
    link === undefined
      ? []
      : [`<p><a href="${escapeHtml(link.href)}">${escapeHtml(link.label)}</a></p>`];
  return [
    '<!doctype html>',
    '<html><body>',
    `<p><strong>${top}</strong></p>`,
    ...paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    ...anchor,
    `<p>${EXCHANGE}</p>`,
    '</body></html>',
    '',
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
