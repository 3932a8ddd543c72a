// What is the same and what is not, in every kind of value that events have.
import { expect, test } from 'vitest';
import { isSame, isSameInOrder } from './same-values.ts';

const EVENT = {
  kind: 'trade',
  lots: 3,
  reason: null,
  maker: { id: 'a', last: true },
  list: [1, []],
};

const DIFFERENT: readonly (readonly [string, unknown, unknown])[] = [
  ['a field of another value', EVENT, { ...EVENT, lots: 4 }],
  ['a field that is missing', EVENT, { ...EVENT, lots: undefined }],
  ['one field for another', { a: 1 }, { b: 1 }],
  ['a field without a value for none', { a: undefined }, { b: undefined }],
  ['a field too many', EVENT, { ...EVENT, more: 0 }],
  ['a field too few', { ...EVENT, more: 0 }, EVENT],
  ['a field inside', EVENT, { ...EVENT, maker: { id: 'a', last: false } }],
  ['a field inside that is missing', EVENT, { ...EVENT, maker: { id: 'a' } }],
  ['a number for its text', 3, '3'],
  ['null for an object', null, {}],
  ['an object for null', {}, null],
  ['a list for an object', [], {}],
  ['an object for a list', {}, []],
  ['a longer list', [1], [1, 2]],
  ['a shorter list', [1, 2], [1]],
  ['another order of a list', [1, 2], [2, 1]],
  ['the other zero', 0, -0],
  ['something in a list in it', EVENT, { ...EVENT, list: [1, [0]] }],
];

test.each(DIFFERENT)('%s is a difference', (_name, a, b) => {
  expect(isSame(a, b)).toBe(false);
  expect(isSameInOrder(a, b)).toBe(false);
});

test('what has the same fields is the same, in another order only if that does not matter', () => {
  const again = structuredClone(EVENT);
  expect(isSame(EVENT, again)).toBe(true);
  expect(isSameInOrder(EVENT, again)).toBe(true);
  const { kind, ...others } = again;
  expect(isSame(EVENT, { ...others, kind })).toBe(true);
  expect(isSameInOrder(EVENT, { ...others, kind })).toBe(false);
  expect(isSame(Number.NaN, Number.NaN)).toBe(true);
});
