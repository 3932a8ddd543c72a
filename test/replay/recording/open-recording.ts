// Reads a file whatever of the two formats it is in, or makes a flow.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { MarketSteps, Recording } from '../flow.ts';
import { OptionError, type ReplayOptions } from '../options.ts';
import { BITSTAMP_HEADER, readBitstamp } from './bitstamp.ts';
import { generateFlow } from './generate.ts';
import { readLobster } from './lobster.ts';
import { readRows } from './read-rows.ts';

const BITSTAMP_MARKET = 'BTC-USD';
/** Shares are in no seeded market; this one has their steps. */
const LOBSTER_MARKET = 'SOL-USD';
const GENERATED_DEFAULT = 10_000;
const LOBSTER_ROW = /^[0-9]+\.[0-9]+,[1-7],/;
/** LOBSTER puts the book of each message in the file beside it. */
const LOBSTER_BOOK_NAME = 'orderbook.csv';

export interface OpenedRecording {
  readonly source: string;
  readonly markets: readonly MarketSteps[];
  readonly recording: Recording;
  /** True when the recording tells fills to compare with. */
  readonly hasFills: boolean;
}

/** Throws OptionError when the file or the market is not there, RowError when a row is broken. */
export async function openRecording(
  options: ReplayOptions,
  markets: readonly MarketSteps[],
): Promise<OpenedRecording> {
  if (options.file === null) return generate(options, markets);
  const rows = await readFileRows(options.file);
  const source = basename(options.file);
  const from = options['from-row'];
  const end = options.limit === undefined ? undefined : from - 1 + options.limit;
  if (rows[0] === BITSTAMP_HEADER) {
    const steps = marketNamed(markets, options.market ?? BITSTAMP_MARKET);
    const recording = readBitstamp(rows.slice(1).slice(from - 1, end), steps, from);
    return { source, markets: [steps], recording, hasFills: true };
  }
  if (LOBSTER_ROW.test(rows[0] ?? '')) {
    const steps = marketNamed(markets, options.market ?? LOBSTER_MARKET);
    const books = (await readBookRows(options.file)).slice(from - 1, end);
    const chosen = rows.slice(from - 1, end);
    const recording = readLobster(chosen, books, steps, options['size-unit'], from);
    return { source, markets: [steps], recording, hasFills: true };
  }
  throw new OptionError(`${options.file} is neither a Bitstamp nor a LOBSTER file`);
}

function generate(options: ReplayOptions, markets: readonly MarketSteps[]): OpenedRecording {
  const chosen = options.market === undefined ? markets : [marketNamed(markets, options.market)];
  const count = options.limit ?? GENERATED_DEFAULT;
  return {
    source: `generated, seed ${options.seed}`,
    markets: chosen,
    recording: generateFlow(chosen, count, options.seed),
    hasFills: false,
  };
}

function marketNamed(markets: readonly MarketSteps[], name: string): MarketSteps {
  const found = markets.find((steps) => steps.market === name);
  if (found !== undefined) return found;
  const known = markets.map((steps) => steps.market).join(', ');
  throw new OptionError(`the exchange has no market ${name}, only: ${known}`);
}

async function readFileRows(file: string): Promise<string[]> {
  try {
    return await readRows(file);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new OptionError(`cannot read ${file}: ${detail}`, { cause: error });
  }
}

async function readBookRows(file: string): Promise<string[]> {
  const book = join(dirname(file), LOBSTER_BOOK_NAME);
  return existsSync(book) ? readFileRows(book) : [];
}
