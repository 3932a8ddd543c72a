import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from './options.ts';

describe('the command line of the torture', () => {
  it.each([
    ['an unknown option', ['--minute', '3']],
    ['a time that is no number', ['--minutes', 'ten']],
    ['a negative time', ['--minutes=-1']],
    ['no round at all', ['--rounds', '0']],
    ['more shards than two', ['--shards', '3']],
    ['half a seed', ['--seed', '1.5']],
    ['no clients at all', ['--clients', '0']],
    ['an unknown server', ['--with', 'redis,mysql']],
    ['an unknown profile', ['--profile', 'gentle']],
  ])('refuses %s', (_what, args) => {
    expect(() => readOptions(args)).toThrow(UsageError);
  });

  it('has defaults, and answers null to a call for help', () => {
    expect(readOptions([])).toMatchObject({ minutes: 10, seed: 1, profile: 'long', clients: 24 });
    expect(readOptions(['--minutes', '0.5', '--seed', '42'])).toMatchObject({
      minutes: 0.5,
      seed: 42,
    });
    expect(readOptions([])?.rounds).toBe(1);
    expect(readOptions(['--rounds', '3'])?.rounds).toBe(3);
    expect(readOptions(['--with', 'kafka,redis'])?.beside).toEqual(['kafka', 'redis']);
    expect(readOptions(['--shards', '2'])?.shards).toBe(2);
    expect(readOptions(['--help'])).toBeNull();
  });
});
