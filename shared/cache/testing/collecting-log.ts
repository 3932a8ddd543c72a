// For tests: a log that keeps what it is told.
import type { CacheLog } from '../cache-log.ts';

export interface CollectedLine {
  readonly level: keyof CacheLog;
  readonly facts: object;
  readonly message: string;
}

export interface CollectedLog extends CacheLog {
  readonly lines: readonly CollectedLine[];
}

export function collectingLog(): CollectedLog {
  const lines: CollectedLine[] = [];
  const at =
    (level: keyof CacheLog) =>
    (facts: object, message: string): void => {
      lines.push({ level, facts, message });
    };
  return {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}
