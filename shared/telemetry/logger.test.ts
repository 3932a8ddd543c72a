import { describe, expect, it } from 'vitest';
import { drawSecret } from '../secrets/token.ts';
import { createLogger } from './logger.ts';
import { scrubText } from './redaction.ts';

function capture(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  write(createLogger({ service: 'orders', level: 'debug', destination }));
  return lines.join('');
}

const JWT = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3IifQ.c2lnbmF0dXJl';

describe('logger', () => {
  it('lets no secret through, by field name', () => {
    const text = capture((log) => {
      log.info({ headers: { authorization: 'hunter2', cookie: 'hunter2' } }, 'a');
      log.info({ request: { headers: { 'set-cookie': 'hunter2', 'x-api-key': 'hunter2' } } }, 'b');
      log.info({ token: 'hunter2', user: { password: 'hunter2' } }, 'c');
    });
    expect(text.split('\n').filter((line) => line !== '')).toHaveLength(3);
    expect(text).not.toContain('hunter2');
  });

  it('lets no secret through inside an error or its causes', () => {
    const cause = new Error('connect postgres://bourse:hunter2@db:5432/x failed');
    const error = new Error(`refused Bearer ${JWT}`, { cause });
    const text = capture((log) => log.error({ err: error }, 'failed'));
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain(JWT);
    expect(text).toContain('postgres://bourse:[redacted]@db:5432/x');
  });

  it.each(['bst', 'bpt', 'brt', 'bac', 'bsu', 'bml', 'bcs', 'bks'] as const)(
    'lets no secret of %s through inside a text',
    (prefix) => {
      const secret = drawSecret(prefix);
      const text = capture((log) =>
        log.error({ err: new Error(`no row for ${secret}`) }, 'failed'),
      );
      expect(text).not.toContain(secret);
      expect(text).toContain('no row for [redacted]');
    },
  );

  it('writes a line that machines read: service, level by name, time', () => {
    const line: unknown = JSON.parse(capture((log) => log.warn({ requestId: 'r' }, 'slow')));
    expect(line).toMatchObject({
      service: 'orders',
      level: 'warn',
      requestId: 'r',
      msg: 'slow',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
    });
  });

  it('scrubs a bare token', () => {
    expect(scrubText(`token ${JWT} seen`)).toBe('token [redacted] seen');
  });
});
