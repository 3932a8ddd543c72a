// The flags: what is refused and by which name, and what they mean when left out.
import { describe, expect, it } from 'vitest';
import { HELP, OptionError, parseOptions } from './options.ts';

describe('flags are refused', () => {
  it.each<[string[], string]>([
    [[], 'name a file, or --generate'],
    [['a.csv', 'b.csv'], 'one file at a time'],
    [['a.csv', '--generate'], 'either --generate or a file'],
    [['a.csv', '--usres', '5'], '--usres'],
    [['a.csv', '--users', '1'], '--users must be from 2'],
    [['a.csv', '--users', '-4'], '--users'],
    [['a.csv', '--limit', '0'], '--limit must be from 1'],
    [['a.csv', '--limit', '1e3'], '--limit must be a whole number'],
    [['a.csv', '--in-flight', '5000'], '--in-flight must be from 1 to 4096'],
    [['a.csv', '--rate', 'fast'], '--rate must be a whole number'],
    [['a.csv', '--url', 'localhost'], '--url must be an http(s) URL'],
    [['a.csv', '--resume', 'a/b'], '--resume is no run id'],
    [['a.csv', '--market', 'btc'], '--market is no market'],
    [['a.csv', '--size-unit', '-1'], '--size-unit'],
  ])('%j: %s', (args, message) => {
    expect(() => parseOptions(args)).toThrow(OptionError);
    expect(() => parseOptions(args)).toThrow(message);
  });
});

describe('flags', () => {
  it('ask for help before anything else', () => {
    expect(parseOptions(['--help'])).toBeNull();
  });

  it('left out play a whole file on the exchange of this machine', () => {
    expect(parseOptions(['a.csv'])).toEqual({
      file: 'a.csv',
      users: 16,
      'from-row': 1,
      'in-flight': 32,
      unordered: false,
      seed: 1,
      'size-unit': '1',
      url: 'http://127.0.0.1:8080',
      'own-url': 'http://127.0.0.1:8081',
      json: false,
    });
  });

  it('move both ports with the address', () => {
    const options = parseOptions(['--generate', '--url', 'http://localhost:9000']);
    expect(options).toMatchObject({ file: null, 'own-url': 'http://localhost:9001' });
  });

  it('are all on the help page', () => {
    const flags = Object.keys(parseOptions(['a.csv']) ?? {}).filter((name) => name !== 'file');
    for (const flag of [...flags, 'limit', 'rate', 'resume', 'market']) {
      expect(HELP).toContain(`--${flag}`);
    }
  });
});
