// Everything the emulator and its children say goes through here: to the printer, and the errors
// also to a short list for the inspector.
import { BuildFailure } from './build/bundle.ts';
import type { Level, LogPrinter } from './log/printer.ts';
import { ChildFailure } from './process/child.ts';
import type { ErrorLine } from './state.ts';

const ERRORS_KEPT = 50;

export class Notices {
  readonly #printer: LogPrinter;
  readonly #errors: ErrorLine[] = [];

  constructor(printer: LogPrinter) {
    this.#printer = printer;
  }

  /** Newest first. */
  errors(): readonly ErrorLine[] {
    return [...this.#errors].reverse();
  }

  say(level: Level, from: string, message: string, error?: unknown): void {
    const stack = error === undefined ? undefined : describe(error);
    this.#printer.line(level, from, message, { stack });
    if (level === 'error' || level === 'fatal') {
      const first = stack?.split('\n')[0];
      this.#keep(from, first === undefined ? message : `${message}: ${first}`);
    }
  }

  childLine(from: string, line: string): void {
    this.#printer.childLine(from, line);
    if (!line.includes('"level":"error"') && !line.includes('"level":"fatal"')) return;
    try {
      const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
      this.#keep(from, [msg, err?.message].filter((part) => part !== undefined).join(': '));
    } catch {
      this.#keep(from, line);
    }
  }

  /** For parts that log as pino does. */
  logFor(from: string): Record<'debug' | 'info' | 'warn' | 'error', PinoStyle> {
    const at = (level: Level) => (facts: object, message: string) => {
      const error: unknown = 'err' in facts ? facts.err : undefined;
      if (level !== 'debug') this.say(level, from, message, error);
    };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  #keep(from: string, message: string): void {
    this.#errors.push({ at: new Date().toISOString(), from, message: message.slice(0, 500) });
    if (this.#errors.length > ERRORS_KEPT) this.#errors.shift();
  }
}

type PinoStyle = (facts: object, message: string) => void;

/** For a person: our own failures without a stack, everything else with one. */
export function describe(error: unknown): string {
  if (error instanceof BuildFailure || error instanceof ChildFailure) return error.message;
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by: ${describe(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
