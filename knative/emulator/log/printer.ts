// What a person sees: one line for each log line of a child, in the same columns, with a short id
// by which one request can be followed across functions.
export interface PrinterOptions {
  readonly color: boolean;
  readonly write: (text: string) => void;
}

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

const COLORS: Readonly<Record<Level | 'dim' | 'id', number>> = {
  trace: 90,
  debug: 90,
  info: 32,
  warn: 33,
  error: 31,
  fatal: 35,
  dim: 90,
  id: 36,
};
const SERVICE_WIDTH = 13;
const ID_WIDTH = 8;
/** Fields with a column of their own, or that say nothing to a person. */
const TAKEN = new Set([
  ...['level', 'time', 'service', 'msg', 'requestId', 'traceId', 'spanId', 'traceparent'],
  ...['err', 'error', 'pid', 'hostname', 'revision'],
]);

export class LogPrinter {
  readonly #options: PrinterOptions;

  constructor(options: PrinterOptions) {
    this.#options = options;
  }

  /** A line that a child wrote: JSON from our logger, or anything else. */
  childLine(service: string, line: string): void {
    const fields = parseFields(line);
    if (fields === null) {
      if (line.trim() !== '') this.line('info', service, line);
      return;
    }
    const id = textOf(fields['requestId']) ?? textOf(fields['traceId']) ?? '';
    const extra = Object.entries(fields)
      .filter(([name, value]) => !TAKEN.has(name) && value !== undefined)
      .map(
        ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      )
      .join(' ');
    const at = textOf(fields['time']);
    this.line(levelOf(fields['level']), service, textOf(fields['msg']) ?? '', {
      id,
      extra,
      at: at === undefined ? new Date() : new Date(at),
      stack: stackOf(fields['err'] ?? fields['error']),
    });
  }

  line(
    level: Level,
    service: string,
    message: string,
    more: { id?: string; at?: Date; extra?: string; stack?: string | undefined } = {},
  ): void {
    const at = (more.at ?? new Date()).toISOString().slice(11, 23);
    const columns = [
      this.#paint('dim', at),
      this.#paint(level, level.toUpperCase().padEnd(5)),
      service.padEnd(SERVICE_WIDTH),
      this.#paint('id', (more.id ?? '').slice(0, ID_WIDTH).padEnd(ID_WIDTH)),
      printable(message),
      this.#paint('dim', printable(more.extra ?? '')),
    ];
    this.#options.write(`${columns.join(' ').trimEnd()}\n`);
    if (more.stack !== undefined && more.stack !== '') {
      this.#options.write(`${this.#paint('dim', indent(printable(more.stack, true)))}\n`);
    }
  }

  /** Text of the emulator itself, as it is. */
  plain(text: string): void {
    this.#options.write(`${text}\n`);
  }

  #paint(what: Level | 'dim' | 'id', text: string): string {
    if (text === '') return text;
    return this.#options.color ? `\u001b[${COLORS[what]}m${text}\u001b[0m` : text;
  }
}

function parseFields(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null; // not a log line of ours: printed as it is
  }
}

function levelOf(value: unknown): Level {
  const known: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
  return typeof value === 'string' && known.includes(value) ? (value as Level) : 'info';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function stackOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return textOf(error);
  const { stack, message, causes } = error as Record<string, unknown>;
  const own = textOf(stack) ?? textOf(message) ?? '';
  const below = Array.isArray(causes) ? causes.map((each) => stackOf(each) ?? '') : [];
  return [own, ...below.map((each) => `caused by: ${each}`)].join('\n');
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

/** Control characters could repaint the terminal: whoever sends a request chooses some of this. */
function printable(text: string, keepLines = false): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    if (keepLines && character === '\n') return character;
    return character === '\t' || character === '\n' ? ' ' : '';
  });
}
