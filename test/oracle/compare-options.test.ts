// The command line: what is refused, and what is done when nothing is said.
import { expect, test } from 'vitest';
import { parseOptions, USAGE } from './compare-options.ts';

test.each([
  ['an unknown option', ['--runs', '3'], /runs/],
  ['an argument that is no option', ['20000000'], /20000000/],
  ['no commands', ['--commands', '0'], /from 1/],
  ['part of a command', ['--commands', '1.5'], /from 1/],
  ['a number in words', ['--commands', 'many'], /from 1/],
  ['no process', ['--jobs', '0'], /from 1/],
  ['a seed below 0', ['--seed=-1'], /from 0/],
  ['a seed beyond 31 bits', ['--seed', '2147483648'], /from 0/],
])('refuses %s', (_name, args, fault) => {
  expect(parseOptions(args)).toMatchObject({ fault: expect.stringMatching(fault) as string });
});

test('compares twenty million commands from a drawn seed on every processor', () => {
  const options = parseOptions([]);
  if (options === 'help' || 'fault' in options) throw new Error('options are refused');
  expect(options.commands).toBe(20_000_000);
  expect(options.seed).toBeGreaterThanOrEqual(0);
  expect(options.jobs).toBeGreaterThanOrEqual(1);
});

test('takes what is asked for', () => {
  const args = ['--commands', '7', '--seed', '2147483647', '--jobs', '3'];
  expect(parseOptions(args)).toEqual({ commands: 7, seed: 2_147_483_647, jobs: 3 });
});

test('explains every option that it takes', () => {
  expect(parseOptions(['--help'])).toBe('help');
  for (const option of ['--commands', '--seed', '--jobs', '--help']) {
    expect(USAGE).toContain(option);
  }
});
