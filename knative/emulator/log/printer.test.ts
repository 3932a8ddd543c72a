// What a person sees of a child's log line.
import { describe, expect, it } from 'vitest';
import { LogPrinter } from './printer.ts';

function print(color: boolean, use: (printer: LogPrinter) => void): string {
  let text = '';
  use(new LogPrinter({ color, write: (part) => (text += part) }));
  return text;
}

const LINE = JSON.stringify({
  level: 'warn',
  time: '2026-01-02T03:04:05.678Z',
  service: 'orders',
  requestId: '0af7651916cd43dd8448eb211c80319c',
  msg: 'slow',
  tookMs: 12,
});

describe('the log printer', () => {
  it('lets nothing through that repaints the terminal', () => {
    const line = JSON.stringify({ level: 'info', msg: 'a\u001b[2Jb\r\nc', x: '\u0007' });
    const text = print(false, (printer) => printer.childLine('orders', line));
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/u);
    expect(text.split('\n')).toHaveLength(2);
  });

  it('writes one line with time, level, service, short request id, message and facts', () => {
    const text = print(false, (printer) => printer.childLine('orders', LINE));
    expect(text).toBe('03:04:05.678 WARN  orders        0af76519 slow tookMs=12\n');
  });

  it('colours only when asked', () => {
    expect(print(false, (printer) => printer.childLine('orders', LINE))).not.toContain('\u001b');
    expect(print(true, (printer) => printer.childLine('orders', LINE))).toContain('\u001b[33m');
  });

  it('shows the stack of an error and of its causes', () => {
    const err = { stack: 'Error: a\n  at x', causes: [{ stack: 'Error: b' }] };
    const line = JSON.stringify({ level: 'error', msg: 'broke', err });
    const text = print(false, (printer) => printer.childLine('fees', line));
    expect(text).toContain('    Error: a\n      at x\n    caused by: Error: b');
  });

  it('prints what is no log line as it is', () => {
    expect(print(false, (printer) => printer.childLine('fees', 'hello'))).toContain('hello');
  });
});
