// Secrets of callers: long, random, known by their prefix.
import { describe, expect, it } from 'vitest';
import { drawSecret, hashSecret, isEqualSecret, isSecret } from './token.ts';

describe('a secret', () => {
  it('has 256 bits, and is never drawn twice', () => {
    const drawn = new Set(Array.from({ length: 1_000 }, () => drawSecret('bst')));
    expect(drawn.size).toBe(1_000);
    for (const secret of drawn) expect(isSecret(secret, 'bst')).toBe(true);
  });

  it('is told from others by its form', () => {
    expect(isSecret(drawSecret('bst'), 'brt')).toBe(false);
    expect(isSecret(`${drawSecret('bst')}x`, 'bst')).toBe(false);
    expect(isSecret('bst_', 'bst')).toBe(false);
  });

  it('is compared whole, whatever the lengths', () => {
    expect(isEqualSecret('abc', 'abc')).toBe(true);
    expect(isEqualSecret('abc', 'abcd')).toBe(false);
    expect(isEqualSecret('', 'a')).toBe(false);
    expect(hashSecret('abc')).toHaveLength(32);
  });
});
