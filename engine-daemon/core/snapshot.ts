// The whole state of a shard as bytes and back. A restored shard goes on exactly as the saved one
// would have: same events, same hash. The file around it (checksum, offset) is the daemon's.
import { assert } from '../../shared/domain/failure.ts';
import { bookBytes, parseMarket, readBook, writeBook } from './book-bytes.ts';
import { Shard, type MarketMove } from './shard.ts';
import { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts';

/**
 * Raise it with every change of the format. 2: the moves of markets. 3: waiting orders. 4: phases,
 * icebergs. 5: order lists.
 */
const SNAPSHOT_VERSION = 5;

const SHARD_MAX = 0xffff_ffff;

/** State only: events that were not yet taken out of the buffers are not part of it. */
export function encodeSnapshot(shard: Shard): Uint8Array {
  const books = [...shard.markets()];
  const writer = new SnapshotWriter(books.reduce((sum, book) => sum + bookBytes(book), 0));
  writer.byte(SNAPSHOT_VERSION);
  writer.word(books.length);
  for (const book of books) writeBook(writer, book);
  writeMoves(writer, shard.moves());
  return writer.finish();
}

/** Throws AssertionError when the bytes are no snapshot of this version. */
export function decodeSnapshot(bytes: Uint8Array): Shard {
  const reader = new SnapshotReader(bytes);
  const version = reader.byte();
  assert(version === SNAPSHOT_VERSION, `snapshot: version ${version} is not known`);
  const shard = new Shard();
  for (let left = reader.word(); left > 0; left -= 1) shard.adopt(readBook(reader));
  for (let left = reader.word(); left > 0; left -= 1) shard.restoreMove(readMove(reader));
  assert(reader.isAtEnd(), 'snapshot: bytes after its end');
  return shard;
}

function writeMoves(writer: SnapshotWriter, moves: readonly MarketMove[]): void {
  writer.word(moves.length);
  for (const { market, number, toShard } of moves) {
    writer.text(market);
    writer.double(number);
    writer.double(toShard);
  }
}

function readMove(reader: SnapshotReader): MarketMove {
  const market = parseMarket(reader.text());
  const number = reader.integer(1);
  return { market, number, toShard: reader.integer(0, SHARD_MAX) };
}
