// The command line of the simulation.
import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

describe('the options of the simulation', () => {
  it.each([
    [['--seeds', '0']],
    [['--seed', '-1']],
    [['--from', 'x']],
    [['--requests', '1.5']],
    [['--failures', '']],
    [['--trace']],
    [['--what']],
    [['stray']],
  ])('are refused with a reason: %j', (args) => {
    expect(parseOptions(args)).toHaveProperty('fault');
  });

  it('are a thousand seeds from the first when nothing is said', () => {
    expect(parseOptions([])).toMatchObject({ from: 1, seeds: 1_000, requestsMax: null });
  });

  it('name one seed, or many from one on', () => {
    expect(parseOptions(['--seed', '42'])).toMatchObject({ from: 42, seeds: 1 });
    const many = parseOptions(['--from', '7', '--seeds', '3', '--without', 'rebalanced,disk full']);
    expect(many).toMatchObject({
      from: 7,
      seeds: 3,
      without: new Set(['rebalanced', 'disk full']),
    });
  });

  it('ask for help', () => {
    expect(parseOptions(['--help'])).toBe('help');
  });
});
