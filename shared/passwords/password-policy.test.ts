// C2, the password policy: what is refused and why, what is taken, and that nothing is lost of it.
import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import ownList from './breached-passwords.json' with { type: 'json' };
import { openBreachedList } from './breached-list.ts';
import {
  hasPasswordLength,
  isNotTooLong,
  normalizePassword,
  refusePassword,
} from './password-policy.ts';

const EMAIL = 'ada.lovelace+coins@analytical.example.org';
const isBreached = openBreachedList();

describe('C2 the policy refuses', () => {
  it.each([
    ['seven characters', 'k7#qZ!x'],
    ['seven characters of four bytes each', '🦀🦞🐙🦑🐡🐠🐟'],
    ['seven characters, typed as fourteen code points', 'é'.repeat(7).normalize('NFD')],
    ['129 characters', 'x'.repeat(129)],
    ['half a character', `good enough ${'\ud83e'}`],
  ])('%s', (_name, password) => {
    expect(hasPasswordLength(password)).toBe(false);
  });

  it.each([
    ['password'],
    ['Password123'],
    ['qwertyuiop'],
    ['QWERTYUIOP'],
    ['12345678'],
    ['1qaz2wsx'],
    ['iloveyou1'],
    ['aaaaaaaa'],
    ['abcdefgh'],
  ])('%s, which everybody tries', (password) => {
    expect(refusePassword(password, EMAIL, isBreached)?.code).toBe('PASSWORD_BREACHED');
  });

  it.each([
    ['the name of the exchange', 'my Bourse login 77'],
    ['the name of the address', 'x-ada.lovelace+coins-x'],
    ['a word of the address', '99 LOVELACE 99'],
    ['the domain', 'analytical-engine'],
  ])('%s', (_name, password) => {
    expect(refusePassword(password, EMAIL, isBreached)?.code).toBe('PASSWORD_PREDICTABLE');
  });
});

describe('C2 the policy takes', () => {
  it.each([
    ['eight characters', 'k7#qZ!xv'],
    ['eight characters of four bytes each', '🦀🦞🐙🦑🐡🐠🐟🐬'],
    ['128 characters', '🦀'.repeat(128)],
    ['small letters alone', 'stapler horse ink cloud'],
    ['spaces at both ends', '  seven winds  '],
    ['short parts of the address', 'an ada of many org'],
  ])('%s', (_name, password) => {
    expect(hasPasswordLength(password)).toBe(true);
    expect(isNotTooLong(password)).toBe(true);
    expect(refusePassword(password, EMAIL, isBreached)).toBeNull();
  });

  it('letters however they were typed, as the same password', () => {
    expect(normalizePassword('cafe\u0301')).toBe(normalizePassword('caf\u00e9'));
    expect(normalizePassword(' A b ')).toBe(' A b ');
  });
});

describe('C2 the list of breached passwords', () => {
  it('has at least 3,000, each long enough to be asked for', () => {
    expect(new Set(ownList).size).toBe(ownList.length);
    expect(ownList.length).toBeGreaterThan(3_000);
    expect(ownList.filter((each) => !hasPasswordLength(each))).toEqual([]);
  });

  it('knows all of its own, and no other', () => {
    expect(ownList.filter((each) => !isBreached(each))).toEqual([]);
    const others = ownList.map((each) => `${each}\u00a7`);
    expect(others.filter((each) => isBreached(each))).toEqual([]);
  });

  it('takes more from a file: passwords, and SHA-1 with or without a count', () => {
    const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');
    const lines = ['plain and long', sha1('hashed one').toUpperCase(), `${sha1('hashed two')}:42`];
    const larger = openBreachedList(listFile(`${lines.join('\r\n')}\r\n`));
    for (const each of ['plain and long', 'hashed one', 'hashed two', 'password']) {
      expect(larger(each)).toBe(true);
    }
    expect(larger('hashed three')).toBe(false);
    expect(larger('')).toBe(false);
  });

  it('fails closed: a file that is missing or empty is no list', () => {
    expect(() => openBreachedList('/no/such/list')).toThrow('cannot be read');
    expect(() => openBreachedList(listFile(''))).toThrow('has no breached passwords');
  });
});

function listFile(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'bourse-breached-')), 'list.txt');
  writeFileSync(file, text);
  return file;
}
