// Refusals first: each shape of JSON that we do not take.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JSON_DEPTH_MAX, JsonFault, parseStrictJson } from './strict-json.ts';

function parse(text: string): unknown {
  return parseStrictJson(Buffer.from(text));
}

describe('strict JSON', () => {
  it.each([
    ['nothing', ''],
    ['a cut object', '{"a":1'],
    ['single quotes', "{'a':1}"],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{"a":1} // b'],
    ['NaN', '{"a":NaN}'],
    ['a byte order mark', '\ufeff{"a":1}'],
    ['a raw line feed in a text', '{"a":"b\nc"}'],
    ['a field twice', '{"side":"buy","side":"sell"}'],
    ['a field twice, once spelled with an escape', '{"side":"buy","\\u0073ide":"sell"}'],
    ['a field twice, deep inside', '{"a":[{"b":{"c":1,"c":1}}]}'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['__proto__ with an escape', '{"\\u005f_proto__":1}'],
    ['constructor, deep inside', '[{"a":{"constructor":1}}]'],
    ['prototype', '{"prototype":1}'],
    ['an infinite number', '{"a":1e999}'],
    ['a zero character', '{"a":"b\\u0000"}'],
    ['half a surrogate pair', '{"a":"\\ud800"}'],
    ['a zero character in a name', '{"a\\u0000":1}'],
    ['too much depth', '['.repeat(JSON_DEPTH_MAX + 1) + ']'.repeat(JSON_DEPTH_MAX + 1)],
    ['endless depth', '['.repeat(60_000) + ']'.repeat(60_000)],
  ])('refuses %s', (_name, text) => {
    expect(parse(text)).toBeInstanceOf(JsonFault);
  });

  it('refuses bytes that are not UTF-8', () => {
    const bytes = Buffer.from([0x22, 0xc3, 0x28, 0x22]);
    expect(parseStrictJson(bytes)).toBeInstanceOf(JsonFault);
  });

  it('refuses UTF-16', () => {
    expect(parseStrictJson(Buffer.from('{"a":1}', 'utf16le'))).toBeInstanceOf(JsonFault);
  });

  it('never repeats what it was given', () => {
    const fault = parse('{"password":"hunter2",}');
    expect((fault as JsonFault).detail).not.toContain('hunter2');
  });

  it('takes equal names in different objects, and punctuation inside texts', () => {
    const text = '{"a":{"a":[{"a":1},{"a":2}]},"b:{\\"":"x\\\\\\":y","é":"\\ud83d\\ude00"}';
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it('reads whatever JSON.stringify writes, exactly as JSON.parse does', () => {
    const plain = fc.jsonValue({ maxDepth: 6 }).filter((value) => {
      const text = JSON.stringify(value);
      return !/__proto__|constructor|prototype|\\u0000|\\ud[89a-f]/i.test(text);
    });
    fc.assert(
      fc.property(plain, (value) => {
        const text = JSON.stringify(value);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('finds a repeated field wherever it is put', () => {
    const name = fc.stringMatching(/^[a-z":{}[\]\\]{1,6}$/);
    const fields = fc.uniqueArray(fc.tuple(name, fc.jsonValue({ maxDepth: 2 })), {
      minLength: 1,
      selector: ([key]) => key,
    });
    fc.assert(
      fc.property(fields, fc.nat(), (pairs, pick) => {
        const written = pairs.map(
          ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
        );
        const repeated = written[pick % written.length] ?? '';
        const nested = `{"outer":[{${[...written, repeated].join(',')}}]}`;
        expect(parse(nested)).toBeInstanceOf(JsonFault);
      }),
    );
  });
});
