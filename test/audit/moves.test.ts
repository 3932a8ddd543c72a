// A market that moves is followed from one partition to the other, whichever is read first; what
// is lost, doubled, or changed on the way is named.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { variantOf } from '../oracle/market-variants.ts';
import { NaiveShard } from '../oracle/naive-shard.ts';
import type { Market, MarketCommand } from '../oracle/naive-types.ts';
import { Findings } from './findings.ts';
import { readCausally } from './read-causally.ts';
import type { EventLog, PartitionBounds } from './read-log.ts';
import { Replay } from './replay.ts';
import { COMMANDS_TYPE, HANDED_OVER_TYPE, TAKEN_OVER_TYPE, type LogRecord } from './wire.ts';

const MARKET: Market = 'BTC-USD';
const STATE = Buffer.from('what only an engine can read');

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function configure(number: number): MarketCommand {
  const config = variantOf(MARKET, 0, number);
  return { kind: 'configure_market', number, timeMs: 1, config, status: 'trading' };
}

function place(number: number, side: 'buy' | 'sell'): MarketCommand {
  return {
    kind: 'place',
    number,
    timeMs: number,
    userNumber: 1 + (number % 3),
    side,
    type: 'limit',
    timeInForce: 'GTC',
    postOnly: false,
    selfTradePrevention: 'cancel_taker',
    priceTicks: 1_000,
    quantityLots: 2,
    quoteBudgetMinor: null,
    expiresAtMs: null,
    makerFeePpm: 0,
    takerFeePpm: 0,
    holdMinor: '100000000000000',
  };
}

/** Partitions as a test writes them, with the naive book that says what is true. */
class Log implements EventLog {
  readonly partitions: LogRecord[][] = [[], []];
  readonly truth = new NaiveShard();

  append(partition: number, type: string, data: object, key: string = MARKET): void {
    const records = this.partitions[partition] ?? [];
    const value = Buffer.from(JSON.stringify(data));
    records.push({ partition, offset: records.length, key, headers: { ce_type: type }, value });
  }

  command(partition: number, command: MarketCommand): void {
    this.append(partition, COMMANDS_TYPE, { market: MARKET, commands: [command] });
    this.truth.apply(MARKET, command);
  }

  handOver(moveNumber: number, fromShard: number, toShard: number): void {
    const move = { market: MARKET, moveNumber, fromShard, toShard };
    this.append(fromShard, HANDED_OVER_TYPE, move);
  }

  /** Pieces of ten bytes. */
  pieces(moveNumber: number, fromShard: number, toShard: number): object[] {
    const book = this.truth.book(MARKET);
    const count = Math.ceil(STATE.length / 10);
    return Array.from({ length: count }, (_, at) => ({
      market: MARKET,
      moveNumber,
      fromShard,
      toShard,
      piece: at + 1,
      pieces: count,
      sequence: book.sequence,
      stateHash: sha256(book.stateText()),
      stateSha256: sha256(STATE),
      bytes: STATE.subarray(at * 10, (at + 1) * 10).toString('base64'),
    }));
  }

  take(partition: number, pieces: readonly object[]): void {
    for (const piece of pieces) this.append(partition, TAKEN_OVER_TYPE, piece);
  }

  move(moveNumber: number, fromShard: number, toShard: number): void {
    this.handOver(moveNumber, fromShard, toShard);
    this.take(toShard, this.pieces(moveNumber, fromShard, toShard));
  }

  readBounds(): Promise<PartitionBounds[]> {
    const bounds = this.partitions.map((records, partition) => {
      return { partition, firstOffset: 0, nextOffset: records.length };
    });
    return Promise.resolve(bounds);
  }

  async *readRecords(_: string, bounds: readonly PartitionBounds[]): AsyncGenerator<LogRecord> {
    for (const { partition } of bounds) {
      yield* await Promise.resolve(this.partitions[partition] ?? []);
    }
  }
}

function openLog(): Log {
  const log = new Log();
  log.command(0, configure(1));
  log.command(0, place(2, 'buy'));
  return log;
}

async function replayed(log: Log): Promise<{ replay: Replay; problems: string[] }> {
  const findings = new Findings();
  const replay = new Replay(findings);
  const bounds = await log.readBounds();
  const records = readCausally(log, 'orders.accepted', bounds, (each) => replay.canApply(each));
  for await (const record of records) replay.apply(record);
  replay.finish();
  const problems = (['M1', 'M3', 'M7'] as const).flatMap((judged) => {
    const found = findings.find(judged);
    return found === null ? [] : [`${judged} ${String(found.row['problem'])}`];
  });
  return { replay, problems };
}

function hashes(replay: Replay): string[] {
  return [0, 1].map((shard) => replay.stateHashes(shard).get(MARKET)?.slice(0, 6) ?? '-');
}

describe('a market that moves', () => {
  test.each([
    [0, 1],
    [1, 0],
  ])('goes on where it stopped, from shard %i to shard %i', async (from, to) => {
    const log = new Log();
    log.command(from, configure(1));
    log.command(from, place(2, 'buy'));
    log.move(1, from, to);
    log.command(to, place(3, 'sell'));
    const { replay, problems } = await replayed(log);
    expect(problems).toEqual([]);
    const events = replay.markets.get(MARKET)?.events ?? [];
    expect(events.map(({ sequence, kind }) => `${sequence} ${kind}`)).toEqual([
      '1 configured',
      '2 opened',
      '3 trade',
      '4 ended',
      '5 ended',
    ]);
    const hash = sha256(log.truth.book(MARKET).stateText()).slice(0, 6);
    expect(hashes(replay)[to]).toBe(hash);
    expect(hashes(replay)[from]).toBe('-');
  });

  test('goes there and back, with repeats of every record of it', async () => {
    const log = openLog();
    const early = log.pieces(1, 0, 1);
    log.move(1, 0, 1);
    log.take(1, early);
    log.command(1, place(3, 'sell'));
    log.move(2, 1, 0);
    log.handOver(1, 0, 1);
    log.take(1, early);
    log.command(0, place(4, 'sell'));
    const { replay, problems } = await replayed(log);
    expect(problems).toEqual([]);
    expect(replay.moves.counts).toEqual({ moves: 2, repeats: 7, refused: 0 });
    expect(hashes(replay)).toEqual([sha256(log.truth.book(MARKET).stateText()).slice(0, 6), '-']);
  });

  test('is on its way while a piece is missing', async () => {
    const log = openLog();
    log.handOver(1, 0, 1);
    log.take(1, log.pieces(1, 0, 1).slice(1));
    const { replay, problems } = await replayed(log);
    expect(problems).toEqual([]);
    expect(replay.moves.inTransit).toEqual([MARKET]);
    expect(hashes(replay)).toEqual(['-', '-']);
  });

  test('may leave a repeat behind, but no command that is done nowhere', async () => {
    const log = openLog();
    log.move(1, 0, 1);
    log.append(0, COMMANDS_TYPE, { market: MARKET, commands: [place(2, 'buy')] });
    expect((await replayed(log)).problems).toEqual([]);
    log.append(0, COMMANDS_TYPE, { market: MARKET, commands: [place(3, 'sell')] });
    const lost = 'M1 a command came to a shard that its market had left, and was never done';
    expect((await replayed(log)).problems).toEqual([lost]);
    log.command(1, place(3, 'sell'));
    expect((await replayed(log)).problems).toEqual([]);
  });

  test.each([
    ['another sequence', { sequence: 1 }, /another state than its log/],
    ['another state hash', { stateHash: sha256('x') }, /another state than its log/],
    ['bytes that are not those of its sum', { bytes: 'AAAA' }, /another SHA-256/],
    ['a number that was never handed over', { moveNumber: 2 }, /not handed over/],
  ])('is not taken over with %s', async (_, change, problem) => {
    const log = openLog();
    log.handOver(1, 0, 1);
    log.take(
      1,
      log.pieces(1, 0, 1).map((piece) => ({ ...piece, ...change })),
    );
    const { replay, problems } = await replayed(log);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(hashes(replay)).toEqual(['-', '-']);
  });

  test('counts its moves one by one', async () => {
    const log = openLog();
    log.move(2, 0, 1);
    const { problems } = await replayed(log);
    expect(problems).toEqual(['M3 the moves of a market are not counted one by one']);
  });
});
