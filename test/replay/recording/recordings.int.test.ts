// Files from the disk: plain and gzipped, broken ones, and the real recordings where they are.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelBook } from '../order/model-book.ts';
import { parseOptions, type ReplayOptions } from '../options.ts';
import { STEPS } from '../testing/market-steps.ts';
import { NaiveExchange } from '../testing/naive-exchange.ts';
import type { FlowStep } from '../flow.ts';
import { openRecording } from './open-recording.ts';
import { readRows } from './read-rows.ts';

const SOL = { ...STEPS, market: 'SOL-USD', base: 'SOL', lotSize: '0.001' } as const;
const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
const BITSTAMP = join(DATA, 'bitstamp-2015-05-01/orders.csv.gz');
const LOBSTER = join(DATA, 'lobster-aapl-2012-06-21/message.csv');

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bourse-replay-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function optionsFor(...args: string[]): ReplayOptions {
  const options = parseOptions(args);
  if (options === null) throw new Error('help was asked for');
  return options;
}

function fileOf(name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

const TEXT = `id,timestamp,exchange.timestamp,price,volume,action,direction
1,1430438404518,1430438404000,236.47,200,created,bid
2,1430438404519,1430438404000,236.48,200,created,ask

1,1430438404520,1430438404000,236.47,200,deleted,bid
`;

describe('a recording cannot be opened', () => {
  it('when there is no file', async () => {
    const open = openRecording(optionsFor(join(dir, 'none.csv')), [STEPS]);
    await expect(open).rejects.toThrow('cannot read');
  });

  it('when it is in neither format', async () => {
    const open = openRecording(optionsFor(fileOf('other.csv', 'a,b\n1,2\n')), [STEPS]);
    await expect(open).rejects.toThrow('neither a Bitstamp nor a LOBSTER file');
  });

  it('when the gzip ends early', async () => {
    const cut = gzipSync(TEXT.repeat(100)).subarray(0, 60);
    const open = openRecording(optionsFor(fileOf('cut.csv.gz', cut)), [STEPS]);
    await expect(open).rejects.toThrow('cannot read');
  });

  it('when the exchange has no such market', async () => {
    const options = optionsFor(fileOf('flow.csv', TEXT), '--market', 'DOGE-USD');
    await expect(openRecording(options, [STEPS])).rejects.toThrow('no market DOGE-USD, only: BTC');
  });
});

describe('a recording', () => {
  it('reads the same plain and gzipped, whatever its name', async () => {
    const plain = await openRecording(optionsFor(fileOf('flow.csv', TEXT)), [STEPS]);
    const gzipped = await openRecording(optionsFor(fileOf('flow', gzipSync(TEXT))), [STEPS]);
    expect(gzipped.recording).toEqual(plain.recording);
    expect(plain.recording.steps).toHaveLength(3);
  });

  it('begins and ends where it is told to', async () => {
    const options = optionsFor(fileOf('flow.csv', TEXT), '--from-row', '2', '--limit', '1');
    const { recording } = await openRecording(options, [STEPS]);
    expect(recording.rows).toBe(1);
    expect(recording.steps.map((step) => step.name)).toEqual(['2']);
  });
});

// The recordings are not ours to pass on: without them the tests above stand alone.
describe.skipIf(!existsSync(BITSTAMP))('the recorded day of Bitstamp', () => {
  it('has all its rows, and fills nearly as recorded when played in order', async () => {
    const { recording } = await openRecording(optionsFor(BITSTAMP), [STEPS]);
    const { skipped } = recording;
    expect(recording.rows).toBe(50_414);
    expect(recording.steps.length + skipped.outcomes + skipped.unknown).toBe(50_414);
    expect(skipped).toEqual({ unknown: 191, outcomes: 1_155, unfit: 0 });
    expect(exactFills(recording.steps, recording.filledLots)).toBeGreaterThan(0.97);
  });
});

describe.skipIf(!existsSync(LOBSTER))('the recorded messages of LOBSTER', () => {
  it('give the best levels of the recorded book after every one of them', async () => {
    const { recording } = await openRecording(optionsFor(LOBSTER), [SOL]);
    expect(recording.skipped).toEqual({ unknown: 0, outcomes: 61, unfit: 0 });
    const books = await readRows(join(DATA, 'lobster-aapl-2012-06-21/orderbook.csv'));
    const exchange = new NaiveExchange();
    let sent = 0;
    for (const [at, count] of recording.stepsAfterRow.entries()) {
      for (; sent < count; sent += 1) exchange.accept(recording.steps[sent] as FlowStep);
      const [askPrice, askSize, bidPrice, bidSize] = (books[at] ?? '').split(',').map(Number);
      const best = [exchange.levels('sell')[0], exchange.levels('buy')[0]];
      expect(best, `after message ${at + 1}`).toEqual([
        [Number(askPrice) / 100, Number(askSize) * 1_000],
        [Number(bidPrice) / 100, Number(bidSize) * 1_000],
      ]);
    }
    expect(books).toHaveLength(999);
  });
});

/** Share of orders whose fills are exactly the recorded ones. */
function exactFills(steps: readonly FlowStep[], recorded: ReadonlyMap<string, number>): number {
  const book = new ModelBook();
  const placed: string[] = [];
  for (const step of steps) {
    if (step.kind !== 'place') {
      book.cancel(step.name);
      continue;
    }
    placed.push(step.name);
    book.place(step.name, step.side, step.priceTicks, step.quantityLots, false);
  }
  const here = book.filledLots;
  const exact = placed.filter((name) => (here.get(name) ?? 0) === (recorded.get(name) ?? 0));
  return exact.length / placed.length;
}
