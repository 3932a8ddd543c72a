// Bitstamp rows as commands: what is refused, what is skipped, and what is sent.
import { describe, expect, it } from 'vitest';
import { STEPS } from '../testing/market-steps.ts';
import { readBitstamp } from './bitstamp.ts';

function row(id: number, price: string, volume: number, action: string, direction = 'bid'): string {
  return `${id},1430438404518,1430438404000,${price},${volume},${action},${direction}`;
}

describe('a Bitstamp file is refused, naming the row,', () => {
  it.each([
    ['when columns are missing', '1,2,3', 'row 7: has 3 columns, not 7'],
    ['when an id is no number', row(1, '1', 1, 'created').replace('1,', 'x,'), 'the id'],
    ['when a price is no decimal', row(1, '1e3', 1, 'created'), 'the price'],
    ['when a price is negative', row(1, '-1', 1, 'created'), 'the price'],
    ['when a volume is no whole number', row(1, '1', 1.5, 'created'), 'the volume'],
    ['when an action is unknown', row(1, '1', 1, 'moved'), 'the action is unknown: moved'],
    ['when a direction is unknown', row(1, '1', 1, 'created', 'up'), 'the direction'],
  ])('%s', (_reason, text, message) => {
    expect(() => readBitstamp([text], STEPS, 7)).toThrow(message);
  });
});

describe('of a Bitstamp file', () => {
  it('rows of orders from before it began are skipped', () => {
    const read = readBitstamp(
      [row(1, '236.47', 5, 'deleted'), row(1, '236.47', 5, 'changed')],
      STEPS,
      1,
    );
    expect(read).toMatchObject({ steps: [], rows: 2, skipped: { unknown: 2, outcomes: 0 } });
  });

  it('orders that the market cannot take are skipped, and so is what becomes of them', () => {
    const coarse = { ...STEPS, tickSize: '0.5' };
    const read = readBitstamp(
      [row(1, '236.47', 5, 'created'), row(1, '236.47', 5, 'deleted')],
      coarse,
      1,
    );
    expect(read).toMatchObject({ steps: [], skipped: { unfit: 1, unknown: 1 } });
  });

  it('an order placed and cancelled becomes two commands', () => {
    const { steps } = readBitstamp(
      [row(9, '236.47', 200_000_000, 'created', 'ask'), row(9, '236.47', 200_000_000, 'deleted')],
      STEPS,
      1,
    );
    expect(steps).toEqual([
      {
        kind: 'place',
        market: 'BTC-USD',
        name: '9',
        side: 'sell',
        priceTicks: 23_647,
        quantityLots: 200_000_000,
        timeInForce: 'GTC',
      },
      { kind: 'cancel', market: 'BTC-USD', name: '9' },
    ]);
  });

  it('fills are outcomes to compare with, not commands', () => {
    const read = readBitstamp(
      [
        row(1, '236.47', 10, 'created'),
        row(1, '236.47', 4, 'changed'),
        row(1, '236.47', 0, 'deleted'),
        row(2, '236.48', 10, 'created'),
        row(2, '236.48', 7, 'changed'),
        row(2, '236.48', 7, 'deleted'),
        row(3, '236.49', 10, 'created'),
      ],
      STEPS,
      1,
    );
    expect(read.steps.map((step) => `${step.kind} ${step.name}`)).toEqual([
      'place 1',
      'place 2',
      'cancel 2',
      'place 3',
    ]);
    expect(read.skipped).toEqual({ unknown: 0, outcomes: 3, unfit: 0 });
    expect([...read.filledLots]).toEqual([
      ['1', 10],
      ['2', 3],
    ]);
  });
});
