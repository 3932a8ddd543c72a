// The command line: what is refused, and which database an audit is of.
import { describe, expect, test } from 'vitest';
import { readOptions, UsageError, USAGE } from './options.ts';

const URL_OF_ENVIRONMENT = 'postgres://environment';

describe('refuses', () => {
  test.each([
    ['an unknown option', ['--finally']],
    ['an argument that is no option', ['.bourse']],
    ['an option without its value', ['--url']],
    ['two databases at once', ['--url', 'postgres://a', '--data-dir', 'b']],
  ])('%s', (_name, args) => {
    expect(() => readOptions(args, undefined)).toThrow(UsageError);
  });
});

test('audits the default folder unless told otherwise', () => {
  const options = readOptions([], undefined);
  expect(options).toMatchObject({ url: null, dataDir: '.bourse', isFinal: false, json: false });
});

test('takes the URL of the environment, but a folder or a URL that is asked for before it', () => {
  expect(readOptions([], URL_OF_ENVIRONMENT)?.url).toBe(URL_OF_ENVIRONMENT);
  const byFolder = readOptions(['--data-dir', 'x'], URL_OF_ENVIRONMENT);
  expect(byFolder).toMatchObject({ url: null, dataDir: 'x' });
  expect(readOptions(['--url', 'postgres://b'], URL_OF_ENVIRONMENT)?.url).toBe('postgres://b');
});

test('explains every option that it takes', () => {
  expect(readOptions(['--help'], undefined)).toBeNull();
  for (const option of [
    '--url',
    '--data-dir',
    '--snapshots',
    '--kafka',
    '--final',
    '--json',
    '--help',
  ]) {
    expect(USAGE).toContain(option);
  }
});
