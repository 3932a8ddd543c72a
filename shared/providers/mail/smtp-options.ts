// The settings of the SMTP server: where it is, who we are there, and that the way is encrypted.
import { z } from 'zod';
import { ConfigError } from '../../config/environment.ts';

/**
 * `SMTP_URL` is smtp://user:password@host:587 (STARTTLS) or smtps://…:465; `SMTP_TLS` is `required`
 * unless it is `off`, for a server on the developer's own machine; `SMTP_FROM` is the sender.
 */
export interface SmtpOptions {
  readonly url: string;
  readonly isTlsRequired: boolean;
  readonly from: string;
}

const fields = z.strictObject({
  url: z.url({ protocol: /^smtps?$/ }),
  tls: z.enum(['required', 'off']),
  from: z.string().regex(/^[^\r\n]*@[^\r\n]*$/),
});

/** Throws ConfigError, which names what is wrong and shows no value: one has a password. */
export function readSmtpOptions(find: (name: string) => string | undefined): SmtpOptions {
  const parsed = fields.safeParse({
    url: find('SMTP_URL'),
    tls: find('SMTP_TLS') ?? 'required',
    from: find('SMTP_FROM'),
  });
  if (!parsed.success) {
    const names = parsed.error.issues.map((each) => `SMTP_${each.path.join('.').toUpperCase()}`);
    throw new ConfigError(`missing or malformed: ${[...new Set(names)].join(', ')}`);
  }
  const { url, tls, from } = parsed.data;
  return { url, from, isTlsRequired: tls === 'required' };
}
