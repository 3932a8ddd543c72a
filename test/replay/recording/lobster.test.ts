// LOBSTER messages as commands: what is refused, what is skipped, and what is sent.
import { describe, expect, it } from 'vitest';
import { STEPS } from '../testing/market-steps.ts';
import type { Recording } from '../flow.ts';
import { readLobster } from './lobster.ts';

const SHARE_LOTS = 100_000;

function row(kind: number, id: number, size: number, price: number, direction = 1): string {
  return `34200.004241176,${kind},${id},${size},${price},${direction}`;
}

function read(rows: readonly string[], ...books: readonly string[]): Recording {
  return readLobster(rows, books, STEPS, '0.001', 1);
}

function tell(recording: Recording): string[] {
  return recording.steps.map((step) => {
    if (step.kind === 'cancel') return `cancel ${step.name}`;
    const shares = step.quantityLots / SHARE_LOTS;
    if (step.kind === 'reduce') return `reduce ${step.name} to ${shares}`;
    return `${step.side} ${step.name} ${shares} at ${step.priceTicks} ${step.timeInForce}`;
  });
}

describe('a LOBSTER file is refused, naming the row,', () => {
  it.each([
    ['when columns are missing', '34200.1,1,2', 'row 1: has 3 columns, not 6'],
    ['when the time is no number', row(1, 1, 1, 100).replace('34200', 'x'), 'the time'],
    ['when the kind is unknown', row(6, 1, 1, 100), 'the kind is unknown: 6'],
    ['when the size is negative', row(1, 1, -1, 100), 'the size'],
    ['when the direction is unknown', row(1, 1, 1, 100, 2), 'the direction'],
  ])('%s', (_reason, text, message) => {
    expect(() => read([text])).toThrow(message);
  });

  it('when a share is no multiple of the lot', () => {
    expect(() => readLobster([], [], STEPS, '0.000000001', 1)).toThrow('no multiple of the lot');
  });
});

describe('of a LOBSTER file', () => {
  it('hidden executions and halts are skipped', () => {
    const recording = read([row(5, 0, 10, 5_853_300), '34300.5,7,0,0,-1,-1']);
    expect(recording).toMatchObject({ steps: [], skipped: { outcomes: 2 } });
  });

  it('orders that nobody has seen are skipped', () => {
    const recording = read([row(2, 1, 1, 100), row(3, 1, 1, 100), row(4, 1, 1, 100)]);
    expect(recording).toMatchObject({ steps: [], skipped: { unknown: 3 } });
  });

  it('prices between ticks are skipped', () => {
    expect(read([row(1, 1, 18, 5_853_350)])).toMatchObject({ steps: [], skipped: { unfit: 1 } });
  });

  it('a partial cancel lowers the total, the last one cancels', () => {
    const recording = read([
      row(1, 7, 18, 5_853_300),
      row(2, 7, 8, 5_853_300),
      row(2, 7, 10, 5_853_300),
    ]);
    expect(tell(recording)).toEqual(['buy 7 18 at 58533 GTC', 'reduce 7 to 10', 'cancel 7']);
  });

  it('an execution is an immediate order from the other side', () => {
    const recording = read([
      row(1, 7, 18, 5_853_300),
      row(4, 7, 5, 5_853_300),
      row(2, 7, 3, 5_853_300),
      row(3, 7, 10, 5_853_300),
    ]);
    expect(tell(recording)).toEqual([
      'buy 7 18 at 58533 GTC',
      'sell x2 5 at 58533 IOC',
      // Of 18 ordered 3 were taken back; the 5 that are filled count into the total.
      'reduce 7 to 15',
      'cancel 7',
    ]);
    expect([...recording.filledLots]).toEqual([
      ['x2', 5 * SHARE_LOTS],
      ['7', 5 * SHARE_LOTS],
    ]);
  });

  it('the first book, less the first message, stands for the orders from before', () => {
    const book = '5859400,200,5853300,18,5859800,150,5853000,9999,9999999999,0,-9999999999,0';
    const recording = read(
      [
        row(1, 7, 18, 5_853_300),
        row(3, 99, 9_000, 5_853_000),
        row(2, 98, 50, 5_859_800, -1),
        row(4, 97, 200, 5_859_400, -1),
      ],
      book,
    );
    expect(tell(recording)).toEqual([
      'sell sell5859400 200 at 58594 GTC',
      'sell sell5859800 150 at 58598 GTC',
      'buy buy5853000 9999 at 58530 GTC',
      'buy 7 18 at 58533 GTC',
      'reduce buy5853000 to 999',
      'reduce sell5859800 to 100',
      'buy x4 200 at 58594 IOC',
    ]);
  });

  it('orders that come into sight with their level are placed then', () => {
    const book = '5859400,200,5853300,18';
    const recording = read(
      [row(1, 7, 18, 5_853_300), row(5, 0, 1, 1), row(3, 99, 50, 5_853_200)],
      book,
      `${book},5859500,10,5853200,60`,
      `${book},5859500,10,5853200,10`,
    );
    expect(tell(recording)).toEqual([
      'sell sell5859400 200 at 58594 GTC',
      'buy 7 18 at 58533 GTC',
      'sell sell5859500-2 10 at 58595 GTC',
      'buy buy5853200-2 60 at 58532 GTC',
      'reduce buy5853200-2 to 10',
    ]);
  });

  it('orders that went unseen are taken back, the youngest first', () => {
    const recording = read(
      [row(1, 7, 18, 5_853_300), row(1, 8, 10, 5_853_300), row(5, 0, 1, 1)],
      '5859400,200,5853300,18',
      '5859400,200,5853300,28',
      '5859400,200,5853300,15',
    );
    expect(tell(recording).slice(-2)).toEqual(['cancel 8', 'reduce 7 to 15']);
  });

  it('a first message that took from the book is undone', () => {
    const recording = read([row(3, 99, 50, 5_853_300)], '5859400,200,5853300,18');
    expect(tell(recording)).toEqual([
      'sell sell5859400 200 at 58594 GTC',
      'buy buy5853300 68 at 58533 GTC',
      'reduce buy5853300 to 18',
    ]);
  });
});
