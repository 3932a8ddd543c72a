// Schemas of environment variables: text in, typed values out.
import { z } from 'zod';

const PORT_MAX = 65_535;

/** A whole number between two bounds, written in plain digits. */
export function wholeNumberField(minimum: number, maximum: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^[0-9]{1,15}$/, 'must be a whole number')
    .transform(Number)
    .refine(
      (value) => value >= minimum && value <= maximum,
      `must be between ${minimum} and ${maximum}`,
    );
}

/** A TCP port; 0 asks the system for a free one. */
export const portField = wholeNumberField(0, PORT_MAX);

/** Address to listen on; unset listens on all, as a container must. */
export const bindAddressField = z.union([z.ipv4(), z.ipv6()]).optional();

export const httpUrlField = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const logLevelField = z.enum(LOG_LEVELS);
