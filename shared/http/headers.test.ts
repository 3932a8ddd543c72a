// The headers that routes read: Prefer, Idempotency-Key, Content-Type.
import { describe, expect, it } from 'vitest';
import { isRejection } from '../domain/rejection.ts';
import { parseContentType } from './content-type.ts';
import { parseIdempotencyKey } from './idempotency-key.ts';
import { parsePreferWait } from './prefer.ts';

function codeOf(value: unknown): string | null {
  return isRejection(value) ? value.code : null;
}

describe('Prefer: wait', () => {
  it.each(['wait=11', 'wait', 'wait=', 'wait=-1', 'wait=1.5', 'wait=abc', 'wait=1e1'])(
    'refuses %s',
    (header) => {
      expect(codeOf(parsePreferWait(header))).toBe('HEADER_INVALID');
    },
  );

  it.each([
    ['wait=0', 0],
    ['wait=10', 10_000],
    ['WAIT = "3"', 3_000],
    ['respond-async, wait=5', 5_000],
    ['respond-async; foo=bar', null],
    ['waiting=99', null],
    ['', null],
  ])('reads %s', (header, expected) => {
    expect(parsePreferWait(header)).toBe(expected);
  });

  it('asks for nothing when absent', () => {
    expect(parsePreferWait(undefined)).toBeNull();
  });
});

describe('Idempotency-Key', () => {
  it.each(['', 'a'.repeat(65), 'a b', 'a, b', 'ä', 'tab\there'])('refuses %j', (header) => {
    expect(codeOf(parseIdempotencyKey(header))).toBe('IDEMPOTENCY_KEY_INVALID');
  });

  it('takes 1 to 64 visible ASCII characters', () => {
    const longest = '~'.repeat(64);
    expect(parseIdempotencyKey('!')).toBe('!');
    expect(parseIdempotencyKey(longest)).toBe(longest);
    expect(parseIdempotencyKey(undefined)).toBeNull();
  });
});

describe('Content-Type', () => {
  it('reads the media type and knows UTF-8 by its names', () => {
    expect(parseContentType('Application/JSON')).toEqual({
      mediaType: 'application/json',
      utf8: true,
    });
    expect(parseContentType('application/json; charset="UTF-8"').utf8).toBe(true);
    expect(parseContentType('application/json; charset=latin1').utf8).toBe(false);
  });
});
