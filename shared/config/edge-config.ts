// What a function is told of what stands before it: proxies, browsers, and how much it may take.
import { z } from 'zod';
import { readConfig, type EnvironmentSource } from './environment.ts';
import { wholeNumberField } from './fields.ts';

/** More proxies in a row than this are a mistake. */
const TRUSTED_PROXIES_MAX = 10;
const FACTOR_MAX = 1_000_000;

export interface EdgeConfig {
  /** How many proxies of ours a request passes; see shared/http/client-address.ts. */
  readonly trustedProxies: number;
  /** Of browsers, such as `https://bourse.example`; none: no page of another origin is answered. */
  readonly corsOrigins: readonly string[];
  /** What every allowance is multiplied with; null counts nothing. */
  readonly rateLimitFactor: number | null;
}

const originsField = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .refine((origins) => origins.every(isOrigin), 'must be origins such as https://a.example, no *');

const factorField = z
  .string()
  .regex(/^[0-9]{1,7}(\.[0-9]{1,4})?$/, 'must be a decimal number')
  .transform(Number)
  .refine((factor) => factor > 0 && factor <= FACTOR_MAX, `must be above 0, at most ${FACTOR_MAX}`);

export function readEdgeConfig(source?: EnvironmentSource): EdgeConfig {
  const values = readConfig(
    {
      TRUSTED_PROXIES: wholeNumberField(0, TRUSTED_PROXIES_MAX).optional(),
      CORS_ORIGINS: originsField.optional(),
      RATE_LIMITS: z.enum(['on', 'off']).optional(),
      RATE_LIMIT_FACTOR: factorField.optional(),
    },
    source,
  );
  return {
    trustedProxies: values.TRUSTED_PROXIES ?? 0,
    corsOrigins: values.CORS_ORIGINS ?? [],
    rateLimitFactor: values.RATE_LIMITS === 'off' ? null : (values.RATE_LIMIT_FACTOR ?? 1),
  };
}

/** Exactly as a browser writes it into `Origin`. */
function isOrigin(text: string): boolean {
  return (
    URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text
  );
}
