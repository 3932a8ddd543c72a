// What is told at the end, and on the way.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ModelBook } from '../order/model-book.ts';
import { STEPS } from '../testing/market-steps.ts';
import { compareFills } from './agreement.ts';
import { describeBook } from './final-book.ts';
import { Latencies } from './latencies.ts';
import { formatLeft, Progress } from './progress.ts';
import { formatSummary, type Summary } from './summary.ts';

const BOOK = {
  sequence: 9,
  bids: [['236.47', '2'] as [string, string]],
  asks: [['236.5', '1'] as [string, string]],
};

const SUMMARY: Summary = {
  run: 'abc',
  source: 'orders.csv.gz',
  rows: 100,
  skipped: { unknown: 3, outcomes: 4, unfit: 5 },
  resumed: 0,
  steps: {
    sent: 88,
    orders: 50,
    cancels: 38,
    reductions: 0,
    withoutOrder: 2,
    refused: { 'place ORDER_FUNDS_INSUFFICIENT': 2, 'cancel ORDER_ALREADY_DONE': 7 },
  },
  trades: 12,
  client: { serverErrors: 1, connectionErrors: 2, repeated: 3 },
  elapsedMs: 2_000,
  stepsPerSecond: 44,
  latency: { p50Ms: 1.5, p90Ms: 2, p99Ms: 3, p999Ms: 40, maxMs: 50.25 },
  agreement: null,
  surprises: 0,
  settled: true,
  books: [],
};

describe('the agreement', () => {
  it('of nothing with nothing is whole', () => {
    expect(compareFills([], new Map(), new Map())).toMatchObject({ orders: 0, exactPercent: 100 });
  });

  it('counts orders filled alike, more, less, there only and here only', () => {
    const recorded = new Map(Object.entries({ same: 5, less: 5, more: 5, there: 5, unsent: 5 }));
    const here = new Map(Object.entries({ same: 5, less: 4, more: 6, here: 1 }));
    const names = ['same', 'less', 'more', 'there', 'here', 'never', 'neither'];
    expect(compareFills(names, recorded, here)).toEqual({
      orders: 7,
      exact: 3,
      exactPercent: 42.86,
      filledRecorded: 4,
      filledHere: 4,
      filledBoth: 3,
      filledExactPercent: 20,
      lotsRecorded: 20,
      lotsHere: 16,
    });
  });
});

describe('the final book', () => {
  const model = new ModelBook();
  model.place('a', 'buy', 23_647, 200_000_000, false);
  model.place('b', 'sell', 23_650, 100_000_000, false);

  it('is not as expected when a level differs', () => {
    const other = { ...BOOK, asks: [] };
    expect(describeBook(STEPS, other, model, 1_000).asExpected).toBe(false);
  });

  it('is as expected when the levels are the model’s', () => {
    expect(describeBook(STEPS, BOOK, model, 1_000).asExpected).toBe(true);
  });

  it('has a digest of its levels, whatever the sequence', () => {
    const { sha256 } = describeBook(STEPS, BOOK, null, 1_000);
    expect(describeBook(STEPS, { ...BOOK, sequence: 10 }, null, 1_000).sha256).toBe(sha256);
    expect(describeBook(STEPS, { ...BOOK, bids: [] }, null, 1_000).sha256).not.toBe(sha256);
  });
});

describe('the summary', () => {
  it('names every refusal, the most frequent first', () => {
    const text = formatSummary(SUMMARY);
    expect(text).toMatch(/refused\n +7 cancel ORDER_ALREADY_DONE\n +2 place ORDER_FUNDS/);
    expect(text).toContain('2 left out: their order was refused');
    expect(text).toContain('1 answers 5xx, 2 connections lost, 3 requests repeated');
    expect(text).not.toContain('agreement');
    expect(text).not.toContain('warning');
  });

  it('warns of a book that is not as expected, of surprises, and of an exchange still busy', () => {
    const book = { ...describeBook(STEPS, BOOK, null, 1_000), asExpected: false };
    const text = formatSummary({ ...SUMMARY, surprises: 1, settled: false, books: [book] });
    expect(text).toContain('NOT AS EXPECTED');
    expect(text.match(/warning/g)).toHaveLength(2);
  });
});

describe('latencies', () => {
  it('are told by percentile', () => {
    const latencies = new Latencies();
    for (let ms = 1; ms <= 1_000; ms += 1) latencies.record(ms);
    const summary = latencies.summary();
    expect(summary.p50Ms).toBeCloseTo(500, -1);
    expect(summary.p999Ms).toBeCloseTo(999, -1);
    expect(summary.maxMs).toBeGreaterThanOrEqual(1_000);
  });
});

describe('the progress', () => {
  it('tells a time that is left, when there is one', () => {
    expect([formatLeft(Infinity), formatLeft(0.2), formatLeft(125)]).toEqual([
      'unknown time',
      '1 s',
      '2 min 5 s',
    ]);
  });

  it('draws no bar where there is no terminal', () => {
    const stream = new PassThrough();
    const progress = new Progress(2, stream);
    progress.step();
    progress.step();
    progress.stop();
    expect(stream.read()).toBeNull();
  });

  it('draws a bar with rate and time left on a terminal', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true });
    const progress = new Progress(2, stream);
    progress.step();
    progress.stop();
    expect(String(stream.read())).toMatch(/1\/2 [0-9]+\/s, .+ left/);
  });
});
