// The command line of `npm run fees`: what is refused, what is understood.
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../shared/operator/operator.ts';
import { readCommand } from './options.ts';

const USER = 'usr_0000000000000001';
const WHY = ['--reason', 'agreed in March'];
const OPERATOR = { actor: 'olivia', reason: 'agreed in March' };

function read(...args: string[]) {
  return readCommand(args, 'olivia');
}

describe('a command line is refused', () => {
  it.each([
    ['no command frobnicate', ['frobnicate']],
    ['--reason TEXT is needed, 3 to 500 characters', ['discount', USER, '1']],
    ['--reason TEXT is needed, 3 to 500 characters', ['discount', USER, '1', '--reason', ' x ']],
    ['discount USER PPM: bob is not a user id', ['discount', 'bob', '1', ...WHY]],
    ['discount USER PPM: -1 is not not negative', ['discount', USER, '-1', ...WHY]],
    ['discount USER PPM: 1.5 is not whole ppm', ['discount', USER, '1.5', ...WHY]],
    ['discount USER PPM', ['discount', USER, ...WHY]],
    ['terms USER MARKET TIER MAKER TAKER', ['terms', USER, 'BTC-USD', 'vip', '1', ...WHY]],
    ['BTC is not a market', ['terms', USER, 'BTC', 'none', ...WHY]],
    ['--from 2026-02-30: a UTC day', ['discount', USER, '1', '--from', '2026-02-30', ...WHY]],
    ['--from tomorrow: a UTC time', ['discount', USER, '1', '--from', 'tomorrow', ...WHY]],
    ['--day is not for this command', ['discount', USER, '1', '--day', '2026-01-01', ...WHY]],
    ['--reason is not for this command', ['show', ...WHY]],
    ['--day 2026-13-01: a UTC day', ['recompute', '--day', '2026-13-01']],
    ['reference what? asset, price or market', ['reference', 'EUR', ...WHY]],
    ['0.0 is not above zero', ['reference', 'price', 'EUR', '0.0', ...WHY]],
    ['--at is not for this command', ['reference', 'asset', 'USD', '--at', '2026-01-01', ...WHY]],
    ["Unknown option '--frm'", ['discount', USER, '1', '--frm', '2026-01-01', ...WHY]],
  ])('%s: %j', (fault, args) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(fault);
  });
});

describe('a command line', () => {
  it.each([[[]], [['--help']], [['discount', '-h']]])('asks for help with %j', (args) => {
    expect(read(...args)).toBeNull();
  });

  it.each([
    [
      ['terms', USER, 'BTC-USD', 'market_maker', '-50', '100', ...WHY],
      {
        kind: 'terms',
        userId: USER,
        market: 'BTC-USD',
        tier: 'market_maker',
        makerPpm: -50,
        takerPpm: 100,
        operator: OPERATOR,
      },
    ],
    [
      ['discount', USER, '200', '--from', '2026-04-01', '--actor', 'oscar', ...WHY],
      {
        kind: 'discount',
        userId: USER,
        offPpm: 200,
        from: new Date('2026-04-01T00:00:00Z'),
        operator: { ...OPERATOR, actor: 'oscar' },
      },
    ],
    [['recompute'], { kind: 'recompute', day: null }],
    [['recompute', '--day', '2026-03-31'], { kind: 'recompute', day: '2026-03-31' }],
    [
      ['reference', 'market', 'EUR', 'none', ...WHY],
      { kind: 'reference-market', asset: 'EUR', market: null, operator: OPERATOR },
    ],
    [['show', USER], { kind: 'show', userId: USER }],
  ])('is understood: %j', (args, command) => {
    expect(read(...args)).toEqual(command);
  });
});
