// What is sealed opens for its own place, with its own key, unchanged; and for nothing else.
import { describe, expect, it } from 'vitest';
import { parseKeyRing, type KeyRing } from './key-ring.ts';
import { isSealedWithOldKey, seal, SealBroken, unseal } from './seal.ts';

const KEYS = {
  one: Buffer.from(Array.from({ length: 32 }, (_, at) => at)).toString('base64'),
  two: Buffer.from(Array.from({ length: 32 }, (_, at) => 255 - at)).toString('base64'),
};

function ring(current: keyof typeof KEYS, keys: Partial<typeof KEYS> = KEYS): KeyRing {
  const parsed = parseKeyRing(JSON.stringify({ current, keys }), 'auth');
  if (parsed === null) throw new Error('no ring');
  return parsed;
}

describe('a ring is refused', () => {
  it.each([
    ['that is no JSON', 'keys'],
    ['without its current key', JSON.stringify({ current: 'three', keys: KEYS })],
    ['with a short key', JSON.stringify({ current: 'one', keys: { one: 'AAAA' } })],
    ['with a key of zeros', JSON.stringify({ current: 'a', keys: { a: zeros() } })],
    ['with a key that is no base64', JSON.stringify({ current: 'a', keys: { a: '?' } })],
    ['with a field that it has not', JSON.stringify({ current: 'one', keys: KEYS, more: 1 })],
    ['with an id of other letters', JSON.stringify({ current: 'A.b', keys: { 'A.b': KEYS.one } })],
  ])('%s', (_name, text) => {
    expect(parseKeyRing(text, 'auth')).toBeNull();
  });
});

function zeros(): string {
  return Buffer.alloc(32).toString('base64');
}

describe('what is sealed', () => {
  it('opens for its own place', () => {
    const sealed = seal(ring('one'), 'totp/usr_1', 'secret');
    expect(sealed).not.toContain('secret');
    expect(unseal(ring('one'), 'totp/usr_1', sealed).toString()).toBe('secret');
  });

  it('opens after the current key has changed, and says that it is old', () => {
    const sealed = seal(ring('one'), 'totp/usr_1', 'secret');
    expect(unseal(ring('two'), 'totp/usr_1', sealed).toString()).toBe('secret');
    expect(isSealedWithOldKey(ring('two'), sealed)).toBe(true);
    expect(isSealedWithOldKey(ring('one'), sealed)).toBe(false);
  });

  it('never looks the same twice', () => {
    expect(seal(ring('one'), 'a', 'secret')).not.toBe(seal(ring('one'), 'a', 'secret'));
  });

  it('does not open for another place, purpose or key', () => {
    const sealed = seal(ring('one'), 'totp/usr_1', 'secret');
    expect(() => unseal(ring('one'), 'totp/usr_2', sealed)).toThrow(SealBroken);
    const mail = { ...ring('one'), purpose: 'mail' } as const;
    expect(() => unseal(mail, 'totp/usr_1', sealed)).toThrow(SealBroken);
    expect(() => unseal(ring('two', { two: KEYS.two }), 'totp/usr_1', sealed)).toThrow('"one"');
    const swapped = ring('one', { one: KEYS.two });
    expect(() => unseal(swapped, 'totp/usr_1', sealed)).toThrow(SealBroken);
  });

  it('is under a key of its own, which does not open another text of the same place', () => {
    const [one, other] = [seal(ring('one'), 'a', 'secret'), seal(ring('one'), 'a', 'secret')];
    const bytes = (sealed: string) => Buffer.from(sealed.split('.')[2] ?? '', 'base64url');
    const mixed = Buffer.concat([bytes(one).subarray(0, 60), bytes(other).subarray(60)]);
    const forged = `s1.one.${mixed.toString('base64url')}`;
    expect(() => unseal(ring('one'), 'a', forged)).toThrow(SealBroken);
    const twice = Buffer.concat([bytes(one).subarray(0, 60), bytes(one).subarray(0, 60)]);
    const ownKey = `s1.one.${twice.toString('base64url')}`;
    expect(() => unseal(ring('one'), 'a', ownKey)).toThrow(SealBroken);
  });

  it('does not open with any one bit changed', () => {
    const [version, id, text] = seal(ring('one'), 'a', 'secret').split('.');
    const body = Buffer.from(text ?? '', 'base64url');
    for (let bit = 0; bit < body.length * 8; bit += 1) {
      const other = Buffer.from(body);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const forged = `${version ?? ''}.${id ?? ''}.${other.toString('base64url')}`;
      expect(() => unseal(ring('one'), 'a', forged)).toThrow(SealBroken);
    }
  });

  it.each(['', 's1', 's1.one', 's1.one.AAAA', 's2.one.AAAA', 's1.one.AAAA.more'])(
    'is not %j',
    (text) => {
      expect(() => unseal(ring('one'), 'a', text)).toThrow(SealBroken);
    },
  );
});
