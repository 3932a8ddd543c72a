// The whole state of one market as bytes and back: a part of a shard's snapshot, and what a market
// takes along when it moves to another shard.
import { assert } from '../../shared/domain/failure.ts';
import type { MarketId } from '../../shared/domain/ids.ts';
import { MARKET_STATUSES, PRICE_TICKS_MAX } from '../../shared/domain/market.ts';
import { TRADE_GROUP_MAX } from '../../shared/domain/order.ts';
import { marketConfigSchema, marketIdField } from '../../shared/events/fields.ts';
import { BUY, SELF_TRADE, SELL, type SideCode } from './codes.ts';
import { NEVER_MS, type BookState } from './book-state.ts';
import { COMMAND_WINDOW } from './command-window.ts';
import { checkInvariants } from './invariants.ts';
import { readLists, writeLists } from './list-bytes.ts';
import { MarketBook } from './market-book.ts';
import { findRules, type MarketRules } from './market-rules.ts';
import { GROUP, NEXT, OWNER, TERMS } from './order-pool.ts';
import { expires, isGtd, isPostOnly, modeOf, packTerms, ratesOf } from './order-terms.ts';
import { readPhase, writePhase } from './phase-bytes.ts';
import type { PriceLevels } from './price-levels.ts';
import { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts';
import { readWaiting, writeWaiting } from './waiting-bytes.ts';

/**
 * Raise it with every change of what `writeBook` writes, and keep the reader of every version that
 * was ever published: states of moved markets stay in the command log for ever.
 */
const MARKET_STATE_VERSION = 4;

const RATE_PPM_MAX = 1_000_000;
const FLAGS_MAX = 7;
/** What a market takes beside its orders, if its window is dense. */
const MARKET_BYTES = 140_000;
/** What `writeOrder` writes. */
const ORDER_BYTES = 87;
const GTD_FLAG = 1;
const POST_ONLY_FLAG = 2;
const EXPIRES_FLAG = 4;

/** About what `writeBook` needs for the book. */
export function bookBytes(book: MarketBook): number {
  return MARKET_BYTES + book.openOrders * ORDER_BYTES;
}

/** One market alone, as it moves. Events that were not yet taken out are not part of it. */
export function encodeMarketState(book: MarketBook): Uint8Array {
  const writer = new SnapshotWriter(1 + bookBytes(book));
  writer.byte(MARKET_STATE_VERSION);
  writeBook(writer, book);
  return writer.finish();
}

/** Throws AssertionError when the bytes are no market's state. */
export function decodeMarketState(bytes: Uint8Array): MarketBook {
  const reader = new SnapshotReader(bytes);
  const version = reader.byte();
  assert(version === MARKET_STATE_VERSION, `market state: version ${version} is not known`);
  const book = readBook(reader);
  assert(reader.isAtEnd(), 'market state: bytes after its end');
  return book;
}

export function writeBook(writer: SnapshotWriter, book: MarketBook): void {
  const { state, rules } = book;
  writer.text(book.market);
  writer.text(rules === null ? '' : JSON.stringify(rules.config));
  writer.byte(rules === null ? 0 : MARKET_STATUSES.indexOf(rules.status));
  writer.double(book.nowMs);
  writer.double(book.sequence);
  writeWindow(writer, state);
  writer.word(state.orders.count);
  writeSide(writer, state, state.buys);
  writeSide(writer, state, state.sells);
  writeWaiting(writer, state);
  writePhase(writer, state);
  writeLists(writer, state);
}

export function readBook(reader: SnapshotReader): MarketBook {
  const market = parseMarket(reader.text());
  const rules = readRules(reader, market);
  const book = new MarketBook(market);
  const { state } = book;
  if (rules !== null) state.setRules(rules);
  state.nowMs = reader.integer(0);
  state.events.restore(reader.integer(0), state.nowMs, rules);
  readWindow(reader, state);
  const orders = reader.word();
  reader.expect(orders * ORDER_BYTES);
  state.orders.reserve(orders);
  state.ids.reserve(orders);
  for (let left = orders; left > 0; left -= 1) readOrder(reader, state);
  readWaiting(reader, state);
  readPhase(reader, state);
  readLists(reader, state);
  // Putting the orders back is no change of the book that anyone should hear of.
  book.clearTouched();
  checkInvariants(book);
  return book;
}

export function parseMarket(text: string): MarketId {
  const parsed = marketIdField.safeParse(text);
  assert(parsed.success, 'snapshot: a market id is malformed');
  return parsed.data;
}

function readRules(reader: SnapshotReader, market: MarketId): MarketRules | null {
  const text = reader.text();
  const status = MARKET_STATUSES[reader.byte()];
  assert(status !== undefined, 'snapshot: no such market status');
  if (text === '') return null;
  const parsed = marketConfigSchema.safeParse(parseJson(text));
  assert(parsed.success, 'snapshot: a market configuration is malformed');
  const rules = findRules(parsed.data, status);
  assert(rules !== null, 'snapshot: a market configuration has no scale');
  assert(rules.config.market === market, 'snapshot: a configuration is of another market');
  return rules;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * As runs of words that are not zero: most markets of a shard have seen few of the last numbers.
 */
function writeWindow(writer: SnapshotWriter, state: BookState): void {
  const { highest, words } = state.window;
  writer.double(highest);
  for (let at = 0; at < words.length;) {
    const from = at;
    while (at < words.length && words[at] === 0) at += 1;
    const start = at;
    while (at < words.length && words[at] !== 0) at += 1;
    writer.word(start - from);
    writer.word(at - start);
    for (const word of words.subarray(start, at)) writer.word(word);
  }
}

function readWindow(reader: SnapshotReader, state: BookState): void {
  const highest = reader.integer(0);
  const words = new Int32Array(COMMAND_WINDOW / 32);
  for (let at = 0; at < words.length;) {
    const zeros = reader.word();
    const count = reader.word();
    assert(zeros + count > 0, 'snapshot: an empty run in the command window');
    assert(zeros + count <= words.length - at, 'snapshot: the command window is too long');
    at += zeros;
    for (let left = count; left > 0; left -= 1) {
      words[at] = reader.word();
      at += 1;
    }
  }
  state.window.restore(highest, words);
}

function writeSide(writer: SnapshotWriter, state: BookState, levels: PriceLevels): void {
  const { orders } = state;
  for (let level = levels.best; level !== 0; level = levels.next(level)) {
    const price = levels.priceOf(level);
    for (let slot = levels.firstOrder(level); slot !== 0; slot = orders.wordOf(slot, NEXT)) {
      writeOrder(writer, state, slot, levels.side, price);
    }
  }
}

function writeOrder(
  writer: SnapshotWriter,
  state: BookState,
  slot: number,
  side: SideCode,
  price: number,
): void {
  const { orders, rates } = state;
  const terms = orders.wordOf(slot, TERMS);
  writer.double(orders.numberOf(slot));
  writer.double(state.owners.userOf(orders.wordOf(slot, OWNER)));
  writer.byte(side);
  writer.double(price);
  writer.double(orders.originalOf(slot));
  writer.double(orders.leftOf(slot));
  const kind = (isGtd(terms) ? GTD_FLAG : 0) | (isPostOnly(terms) ? POST_ONLY_FLAG : 0);
  writer.byte(kind | (expires(terms) ? EXPIRES_FLAG : 0));
  writer.byte(modeOf(terms));
  writer.double(expires(terms) ? state.expiry.keyOf(slot) : NEVER_MS);
  writer.double(rates.makerPpm[ratesOf(terms)] as number);
  writer.double(rates.takerPpm[ratesOf(terms)] as number);
  writer.word(orders.wordOf(slot, GROUP));
  writer.double(orders.displayOf(slot));
  writer.double(orders.shownOf(slot));
}

/** Orders come in priority order, so that each goes behind those before it. */
function readOrder(reader: SnapshotReader, state: BookState): void {
  const { taker } = state;
  taker.number = reader.integer(1, state.window.highest);
  taker.user = reader.integer(1);
  const side = reader.byte();
  assert(side === BUY || side === SELL, 'snapshot: no such side');
  taker.side = side;
  taker.holdTicks = reader.integer(1, PRICE_TICKS_MAX);
  taker.original = reader.integer(1);
  taker.remaining = reader.integer(1, taker.original);
  const flags = reader.byte();
  const mode = reader.byte();
  assert(flags <= FLAGS_MAX && mode <= SELF_TRADE, 'snapshot: no such order terms');
  const expiresAtMs = reader.integer(NEVER_MS);
  const doesExpire = (flags & EXPIRES_FLAG) !== 0;
  assert(doesExpire === expiresAtMs >= 0, 'snapshot: an expiry does not fit its order');
  const makerPpm = reader.integer(-RATE_PPM_MAX, RATE_PPM_MAX);
  const rates = state.rates.intern(makerPpm, reader.integer(-RATE_PPM_MAX, RATE_PPM_MAX));
  const isGtdOrder = (flags & GTD_FLAG) !== 0;
  const isPostOnlyOrder = (flags & POST_ONLY_FLAG) !== 0;
  const terms = packTerms(side, isGtdOrder, isPostOnlyOrder, doesExpire, mode, rates);
  assert(state.ids.find(taker.number) === 0, 'snapshot: an order number stands there twice');
  taker.group = reader.word();
  assert(taker.group <= TRADE_GROUP_MAX, 'snapshot: no such trade group');
  const displayLots = reader.integer(0);
  const shownLots = reader.integer(1, taker.remaining);
  assert(displayLots > 0 || shownLots === taker.remaining, 'snapshot: an order hides lots');
  state.rest(taker, terms, expiresAtMs, displayLots);
  state.setLeft(state.ids.find(taker.number), taker.remaining, shownLots);
}
