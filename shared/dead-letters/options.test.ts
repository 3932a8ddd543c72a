// The command line: everything that is not quite right is refused.
import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from './options.ts';

const NOW_MS = Date.UTC(2026, 0, 31, 12);
const read = (...args: string[]) => readOptions(args, NOW_MS, 'ann');
const WHY = ['--reason', 'fixed in 1.2'];

describe('the options', () => {
  it.each([
    [['burn']],
    [['list', '0@1']],
    [['show']],
    [['show', '0@1', '0@2']],
    [['show', 'x']],
    [['show', '0@']],
    [['redrive', ...WHY]],
    [['redrive', '0@1', '--source', 'settlement', ...WHY]],
    [['redrive', '0@1']],
    [['redrive', '0@1', '--reason', '  x  ']],
    [['redrive', '0@1', '--reason', 'x'.repeat(501)]],
    [['redrive', '0@1', ...WHY, '--actor', ' ']],
    [['redrive', '0@1', ...WHY, '--to', 'settlement']],
    [['redrive', '0@1', ...WHY, '--to', 'settlement=ftp://x']],
    [['drop', '--source', 'settlement']],
    [['list', '--limit', '0']],
    [['list', '--limit', '1001']],
    [['list', '--since', 'yesterday']],
    [['list', '--since', '2026-13-40']],
    [['list', '--after', '7']],
    [['list', '--bogus']],
  ])('refuse %j', (args) => {
    expect(() => read(...args)).toThrow(UsageError);
  });

  it('are null when help is wanted, or nothing is', () => {
    expect(read()).toBeNull();
    expect(read('redrive', '--help')).toBeNull();
  });

  it('are bounded and name the account unless told otherwise', () => {
    expect(read('list')).toMatchObject({
      command: 'list',
      filter: { limit: 50, openOnly: false, after: null, source: null },
    });
    expect(read('drop', '--source', 'orders', ...WHY)).toMatchObject({
      reason: 'fixed in 1.2',
      actor: 'ann',
      // What was settled before is left alone unless it is asked for.
      filter: { source: 'orders', openOnly: true },
    });
    expect(read('redrive', '0@7', ...WHY, '--again', '--actor', 'bob')).toMatchObject({
      positions: [{ partition: 0, offset: 7 }],
      actor: 'bob',
      filter: { openOnly: false },
    });
  });

  it.each([
    ['90m', NOW_MS - 90 * 60_000],
    ['7d', NOW_MS - 7 * 86_400_000],
    ['2026-01-30', Date.UTC(2026, 0, 30)],
    ['2026-01-30T01:02:03Z', Date.UTC(2026, 0, 30, 1, 2, 3)],
  ])('read --since %s', (text, sinceMs) => {
    expect(read('list', '--since', text)?.filter.sinceMs).toBe(sinceMs);
  });

  it('take addresses of functions', () => {
    const options = read('redrive', '0@1', ...WHY, '--to', 'settlement=http://127.0.0.1:8090');
    expect(options?.addresses.get('settlement')?.host).toBe('127.0.0.1:8090');
  });
});
