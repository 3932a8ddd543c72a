// The one logger: pino, JSON lines on standard output, secrets taken out. Levels go by fault:
// error is ours, warn is degraded service, info is lifecycle, debug is the client's doing.
import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from '../config/fields.ts';
import { REDACTED, REDACTED_PATHS, scrubText } from './redaction.ts';

export type { Logger } from 'pino';

/** Causes of causes that are written with an error; deeper ones are cut. */
const CAUSES_MAX = 5;
const STANDARD_OUTPUT = 1;

export interface LoggerOptions {
  /** Name of the function or process; the field `service` of every line. */
  readonly service: string;
  readonly level: LogLevel;
  /** Where lines go; standard output unless a test looks at them. */
  readonly destination?: DestinationStream;
}

export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service },
    redact: { paths: [...REDACTED_PATHS], censor: REDACTED },
    serializers: { err: describeError, error: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  return pino(settings, options.destination ?? standardOutput());
}

/**
 * Whoever read the log is gone, and mostly that is the parent. Pino would go on in silence at a
 * broken pipe, and repeat the write for ever when it is told to flush after any other error.
 */
function standardOutput(): DestinationStream {
  const stream = pino.destination({ dest: STANDARD_OUTPUT, sync: true });
  stream.on('error', () => process.exit(1));
  return stream;
}

/** For tests and tools that have nothing to say. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? scrubText(error) : error;
  const chain: unknown[] = [];
  let cause = error.cause;
  while (cause instanceof Error && chain.length < CAUSES_MAX) {
    chain.push(scrubError(cause));
    cause = cause.cause;
  }
  return chain.length === 0 ? scrubError(error) : { ...scrubError(error), causes: chain };
}

function scrubError(error: Error): Record<string, unknown> {
  const { type, code } = stdSerializers.err(error) as { type: string; code?: unknown };
  return {
    type,
    message: scrubText(error.message),
    stack: scrubText(error.stack ?? ''),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
  };
}
