// What the command line of accounts takes, and what it says of what it does not.
import { describe, expect, it } from 'vitest';
import { HELP, parseAccountOptions } from './options.ts';

const USER = 'usr_0000000000000007';
const parse = (...args: string[]) => parseAccountOptions(args, 'ops');

describe('the command line of accounts', () => {
  it.each<[string[], string]>([
    [['ban', USER], 'no command ban'],
    [['block'], 'name the account'],
    [['block', 'alice', '--reason', 'x'], 'alice is no account'],
    [['block', '7', '--reason', 'x'], '7 is no account'],
    [['block', 'usr_0000000000000000', '--reason', 'x'], 'is no account'],
    [['block', 'usr_00000000000000x7', '--reason', 'x'], 'is no account'],
    [['block', 'ord_0000000000000007', '--reason', 'x'], 'is no account'],
    [['block', USER], 'say why'],
    [['unblock', USER], 'say why'],
    [['block', USER, '--reason', '  '], '--reason must say something'],
    [['block', USER, '--reason', 'x'.repeat(1_001)], '--reason is longer than 1000'],
    [['block', USER, '--reason', 'x', '--by', ' '], '--by must name somebody'],
    [['block', USER, '--reason', 'x', '--by', 'x'.repeat(101)], '--by is longer than 100'],
    [['block', USER, 'usr_0000000000000008', '--reason', 'x'], 'what is usr_'],
    [['block', USER, '--why', 'x'], 'why'],
  ])('refuses %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });

  it('shows, blocks and unblocks, by who is logged in unless somebody else is named', () => {
    expect(parse('show', USER)).toEqual({ command: 'show', userNumber: 7 });
    expect(parse('block', USER, '--reason', ' theft ')).toEqual({
      command: 'block',
      userNumber: 7,
      operator: 'ops',
      reason: 'theft',
    });
    expect(parse('unblock', '--by', 'eve', '--reason', 'found', USER)).toMatchObject({
      command: 'unblock',
      operator: 'eve',
    });
  });

  it('helps when asked for, and when nothing is', () => {
    for (const args of [[], ['--help'], ['-h'], ['block', '--help']]) {
      expect(parse(...args)).toEqual({ command: 'help' });
    }
    expect(HELP).toContain('unblock USER');
  });
});
