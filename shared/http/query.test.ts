import { describe, expect, it } from 'vitest';
import { parseQuery, QUERY_PARAMETERS_MAX, QueryFault } from './query.ts';

describe('query', () => {
  it.each([
    ['a key twice', 'a=1&a=2'],
    ['a key twice, once escaped', 'a=1&%61=2'],
    ['a broken escape', 'a=%zz'],
    ['an escape that is not UTF-8', 'a=%ff'],
    ['a zero character', 'a=%00'],
    [
      'too many keys',
      Array.from({ length: QUERY_PARAMETERS_MAX + 1 }, (_, at) => `k${at}`).join('&'),
    ],
  ])('refuses %s', (_name, text) => {
    expect(parseQuery(text)).toBeInstanceOf(QueryFault);
  });

  it('reads keys and values, escapes and plus signs', () => {
    expect(parseQuery('market=BTC-USD&note=a+b%2Bc&flag')).toEqual({
      market: 'BTC-USD',
      note: 'a b+c',
      flag: '',
    });
  });

  it('keeps __proto__ as a key like any other, for the schema to refuse', () => {
    const query = parseQuery('__proto__=1');
    expect(Object.keys(query)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });
});
