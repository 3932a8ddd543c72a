// What must never reach a log line: redacted by field name, and by shape inside error texts.

/** Field names whose values are secrets, wherever they stand in a logged object. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'accessToken',
  'refreshToken',
  'privateKey',
  'apiKey',
] as const;

const SECRET_HEADERS = ['set-cookie', 'proxy-authorization', 'x-api-key', 'x-signature'] as const;

export const REDACTED = '[redacted]';

/** Paths for pino's `redact`: the top level and two levels below, where headers live. */
export const REDACTED_PATHS: readonly string[] = [
  ...SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
  ...SECRET_HEADERS.flatMap((header) => [`["${header}"]`, `*["${header}"]`, `*.*["${header}"]`]),
];

const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer)\s+[A-Za-z0-9._~+/=-]+/gi, `$1 ${REDACTED}`],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, REDACTED],
  // Secrets of callers (shared/secrets/token.ts).
  [/\bb(st|pt|rt|ac|su|ml|cs|ks)_[A-Za-z0-9_-]{43}/g, REDACTED],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+):[^\s@]+@/gi, `$1:${REDACTED}@`],
];

/** Takes tokens and passwords in URLs out of a text such as an error message or a stack. */
export function scrubText(text: string): string {
  return SECRET_TEXTS.reduce((clean, [shape, mark]) => clean.replace(shape, mark), text);
}
