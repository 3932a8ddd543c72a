// An address is found whatever its letters' case, opens for its user alone, and tells nothing.
import { describe, expect, it } from 'vitest';
import { indexEmail, openEmail, parseEmailIndexKey, sealEmail } from './email.ts';
import { parseKeyRing } from './key-ring.ts';
import { SealBroken } from './seal.ts';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('base64');
const OTHER = Buffer.from(Array.from({ length: 32 }, (_, at) => 255 - at)).toString('base64');

function indexKey(key: string) {
  const parsed = parseEmailIndexKey(JSON.stringify({ key }));
  if (parsed === null) throw new Error('no key');
  return parsed;
}

function ring() {
  const parsed = parseKeyRing(JSON.stringify({ current: 'a', keys: { a: KEY } }), 'users');
  if (parsed === null) throw new Error('no ring');
  return parsed;
}

describe('the key of the index is refused', () => {
  it.each([
    ['that is no JSON', 'key'],
    ['that is short', JSON.stringify({ key: 'AAAA' })],
    ['of zeros', JSON.stringify({ key: Buffer.alloc(32).toString('base64') })],
    ['with another beside it', JSON.stringify({ key: KEY, next: KEY })],
  ])('%s', (_name, text) => {
    expect(parseEmailIndexKey(text)).toBeNull();
  });
});

describe('C38 an address', () => {
  it('has one index in whatever case, and another under another key', () => {
    const index = indexEmail(indexKey(KEY), 'Ada@Example.org');
    expect(index).toHaveLength(32);
    expect(index.equals(indexEmail(indexKey(KEY), 'ada@example.org'))).toBe(true);
    expect(index.equals(indexEmail(indexKey(OTHER), 'ada@example.org'))).toBe(false);
    expect(index.equals(indexEmail(indexKey(KEY), 'ada@example.com'))).toBe(false);
  });

  it('opens for its user alone', () => {
    const sealed = sealEmail(ring(), 7, 'ada@example.org');
    expect(sealed).not.toContain('ada');
    expect(openEmail(ring(), 7, sealed)).toBe('ada@example.org');
    expect(() => openEmail(ring(), 8, sealed)).toThrow(SealBroken);
  });
});
