// C1: argon2id at the parameters asked for, the same work for nobody, a queue that ends.
import { describe, expect, it } from 'vitest';
import { isRejection } from '../domain/rejection.ts';
import {
  createPasswordHasher,
  HASH_COST,
  HASHES_WAITING_MAX,
  type HashFunction,
  type PasswordHasher,
} from './hasher.ts';

/** As cheap as argon2 goes, where the cost is not what is tested. */
const CHEAP = { memoryKib: 8, passes: 1, lanes: 1 };

async function hashed(hasher: PasswordHasher, password: string): Promise<string> {
  const phc = await hasher.hash(password);
  if (isRejection(phc)) throw new Error(phc.code);
  return phc;
}

/** Hashes that end when the test lets them, one by one. */
function heldFunction() {
  const waiting: (() => void)[] = [];
  const held: HashFunction & { readonly waiting: (() => void)[]; calls: number } = {
    waiting,
    calls: 0,
    hash: () => start('$argon2id$'),
    verify: () => start(false),
  };
  const start = <Value>(value: Value): Promise<Value> => {
    held.calls += 1;
    return new Promise((resolve) => waiting.push(() => resolve(value)));
  };
  return held;
}

describe('a password is refused', () => {
  it('when it is another', async () => {
    const hasher = createPasswordHasher({ cost: CHEAP });
    const phc = await hashed(hasher, 'correct horse');
    for (const other of ['correct horsf', 'correct horse ', 'Correct horse', '']) {
      expect(await hasher.verify(other, phc)).toEqual({ matches: false, isOutdated: false });
    }
  });

  it('when one beyond the limit would wait, with when to come again', async () => {
    const held = heldFunction();
    const hasher = createPasswordHasher({ hashFunction: held });
    const taken = Array.from({ length: HASHES_WAITING_MAX + 1 }, () => hasher.hash('x'));
    expect(hasher.refuseWhileFull()).toBeNull();
    taken.push(hasher.hash('x'));
    expect(hasher.refuseWhileFull()).toMatchObject({ code: 'SERVICE_BUSY', retryAfterSeconds: 3 });
    const refused = { code: 'SERVICE_BUSY', retryAfterSeconds: 1 };
    expect(await hasher.hash('x')).toMatchObject(refused);
    expect(await hasher.verify('x', '$argon2id$')).toMatchObject(refused);
    expect(await hasher.verifyNone('x')).toMatchObject(refused);
    expect(held.calls).toBe(2);
    let ended = 0;
    for (const each of taken) void each.then(() => (ended += 1));
    while (ended < taken.length) {
      expect(held.waiting.length).toBeLessThanOrEqual(2);
      held.waiting.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(held.calls).toBe(taken.length);
    expect(hasher.refuseWhileFull()).toBeNull();
  });

  it('when its hash is none: loudly, for the database holds nothing else', async () => {
    await expect(createPasswordHasher({ cost: CHEAP }).verify('x', '$argon2id$')).rejects.toThrow();
  });
});

describe('C1 the hash', () => {
  it('has at least the parameters of the specification, and never the same salt', async () => {
    const hasher = createPasswordHasher();
    const [one, two] = [
      await hashed(hasher, 'correct horse'),
      await hashed(hasher, 'correct horse'),
    ];
    expect(one).toMatch(
      /^\$argon2id\$v=19\$m=65536,t=3,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
    );
    expect(one).not.toBe(two);
    expect(await hasher.verify('correct horse', one)).toEqual({ matches: true, isOutdated: false });
  });

  it('is outdated when any parameter is another', async () => {
    const phc = await hashed(createPasswordHasher({ cost: CHEAP }), 'correct horse');
    for (const cost of [
      { ...CHEAP, memoryKib: 16 },
      { ...CHEAP, passes: 2 },
      { memoryKib: 16, passes: 1, lanes: 2 },
      HASH_COST,
    ]) {
      const hasher = createPasswordHasher({ cost });
      expect(await hasher.verify('correct horse', phc)).toEqual({
        matches: true,
        isOutdated: true,
      });
    }
  });

  it.each([
    ['é as one code point or two', 'caf\u00e9', 'cafe\u0301'],
    ['64 letters beyond the first plane', '𝔘'.repeat(64), '𝔘'.repeat(64)],
    ['spaces and control characters', ' \u0000\t ', ' \u0000\t '],
  ])('takes %s', async (_name, typed, again) => {
    const hasher = createPasswordHasher({ cost: CHEAP });
    const phc = await hashed(hasher, typed);
    expect(await hasher.verify(again, phc)).toMatchObject({ matches: true });
  });

  it('is never cut: the last of 128 letters counts', async () => {
    const hasher = createPasswordHasher({ cost: CHEAP });
    const phc = await hashed(hasher, `${'a'.repeat(127)}b`);
    expect(await hasher.verify('a'.repeat(128), phc)).toMatchObject({ matches: false });
  });
});

describe('C3 a user who is not there', () => {
  it('costs one hash of the same parameters, from the first time on', async () => {
    const seen: string[] = [];
    const counting: HashFunction = {
      hash: () => Promise.reject(new Error('hashes what need not be hashed')),
      verify: (_password, phc) => {
        seen.push(phc);
        return Promise.resolve(false);
      },
    };
    const hasher = createPasswordHasher({ hashFunction: counting });
    expect(await hasher.verifyNone('x')).toBeNull();
    expect(await hasher.verifyNone('x')).toBeNull();
    expect(seen).toHaveLength(2);
    for (const phc of seen) expect(phc).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
  });

  it('is asked of argon2 itself, which must find the string well-formed', async () => {
    expect(await createPasswordHasher({ cost: CHEAP }).verifyNone('x')).toBeNull();
  });
});
