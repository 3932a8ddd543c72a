// Finds a price level among all 2^32 prices, and the next one above or below it, in a few loads: a
// radix tree of bitmaps, eight bits a step. Only the parts of it that are in use take memory, so a
// book with levels at 1 and at 4,000,000,000 ticks costs as little as a narrow one.
import { assert } from '../../shared/domain/failure.ts';

/** Prices in a page; a level is numbered `page * PAGE_PRICES + low byte of the price`. */
export const PAGE_PRICES = 256;

const FAN = 256;
const LOW = 255;
const BITMAP_WORDS = FAN / 32;
const PAGES_MIN = 16;
const NODES_MIN = 8;
/** Twice a level number still fits a signed word. */
const PAGES_MAX = 4_000_000;

export class PriceIndex {
  /** Pages that fit the arrays; page 0 is not used, so that level 0 means "no level". */
  pageCapacity = PAGES_MIN;
  /** The upper 24 bits of a page's prices. */
  private bases = new Int32Array(PAGES_MIN);
  private pageBits = new Int32Array(PAGES_MIN * BITMAP_WORDS);
  private pageMarks = new Int32Array(PAGES_MIN);
  private emptied: number[] = [];
  private isEmptied = new Uint8Array(PAGES_MIN);
  private freePages: number[] = [];
  private firstUnusedPage = 1;

  /** Node 0 is the root; a child of 0 means there is none. Leaf nodes have pages as children. */
  private children = new Int32Array(NODES_MIN * FAN);
  /** A child's bit is set while a marked level lies below it. */
  private nodeBits = new Int32Array(NODES_MIN * BITMAP_WORDS);
  private nodeMarks = new Int32Array(NODES_MIN);
  private nodeChildren = new Int32Array(NODES_MIN);
  private freeNodes: number[] = [];
  private firstUnusedNode = 1;

  priceOf(level: number): number {
    return (((this.bases[level >>> 8] as number) << 8) | (level & LOW)) >>> 0;
  }

  /** The level of a price, marked or not; 0 when its page does not exist. */
  find(price: number): number {
    const upper = this.children[price >>> 24] as number;
    if (upper === 0) return 0;
    const lower = this.children[upper * FAN + ((price >>> 16) & LOW)] as number;
    if (lower === 0) return 0;
    const page = this.children[lower * FAN + ((price >>> 8) & LOW)] as number;
    return page === 0 ? 0 : page * PAGE_PRICES + (price & LOW);
  }

  /** The level of a price; makes its page when there is none. */
  obtain(price: number): number {
    const level = this.find(price);
    return level !== 0 ? level : this.openPage(price) * PAGE_PRICES + (price & LOW);
  }

  mark(level: number): void {
    const page = level >>> 8;
    setBit(this.pageBits, page, level & LOW);
    this.pageMarks[page] = (this.pageMarks[page] as number) + 1;
    if (this.pageMarks[page] === 1) this.markPath(this.priceOf(level));
  }

  unmark(level: number): void {
    const page = level >>> 8;
    clearBit(this.pageBits, page, level & LOW);
    this.pageMarks[page] = (this.pageMarks[page] as number) - 1;
    if (this.pageMarks[page] === 0) this.unmarkPath(page, this.priceOf(level));
  }

  isMarked(level: number): boolean {
    const word = this.pageBits[(level >>> 8) * BITMAP_WORDS + ((level & LOW) >>> 5)] as number;
    return (word & (1 << (level & 31))) !== 0;
  }

  /**
   * The lowest marked level above that of `price`, which must have a page; 0 when there is none.
   */
  above(price: number): number {
    const upper = this.children[price >>> 24] as number;
    const lower = this.children[upper * FAN + ((price >>> 16) & LOW)] as number;
    const page = this.children[lower * FAN + ((price >>> 8) & LOW)] as number;
    let bit = bitFrom(this.pageBits, page, (price & LOW) + 1);
    if (bit >= 0) return page * PAGE_PRICES + bit;
    bit = bitFrom(this.nodeBits, lower, ((price >>> 8) & LOW) + 1);
    if (bit >= 0) return this.lowestIn(lower, bit, 0);
    bit = bitFrom(this.nodeBits, upper, ((price >>> 16) & LOW) + 1);
    if (bit >= 0) return this.lowestIn(upper, bit, 1);
    bit = bitFrom(this.nodeBits, 0, (price >>> 24) + 1);
    return bit >= 0 ? this.lowestIn(0, bit, 2) : 0;
  }

  /** The highest marked level below that of `price`, which must have a page; 0 if there is none. */
  below(price: number): number {
    const upper = this.children[price >>> 24] as number;
    const lower = this.children[upper * FAN + ((price >>> 16) & LOW)] as number;
    const page = this.children[lower * FAN + ((price >>> 8) & LOW)] as number;
    let bit = bitUpTo(this.pageBits, page, (price & LOW) - 1);
    if (bit >= 0) return page * PAGE_PRICES + bit;
    bit = bitUpTo(this.nodeBits, lower, ((price >>> 8) & LOW) - 1);
    if (bit >= 0) return this.highestIn(lower, bit, 0);
    bit = bitUpTo(this.nodeBits, upper, ((price >>> 16) & LOW) - 1);
    if (bit >= 0) return this.highestIn(upper, bit, 1);
    bit = bitUpTo(this.nodeBits, 0, (price >>> 24) - 1);
    return bit >= 0 ? this.highestIn(0, bit, 2) : 0;
  }

  /** The lowest marked level of all, or 0. */
  lowest(): number {
    const bit = bitFrom(this.nodeBits, 0, 0);
    return bit >= 0 ? this.lowestIn(0, bit, 2) : 0;
  }

  /**
   * Gives back pages that have no marked level any more. Not done at once by `unmark`: prices come
   * back, and nobody may hold the number of a level whose page is given back.
   */
  recycle(): void {
    for (const page of this.emptied) {
      this.isEmptied[page] = 0;
      if (this.pageMarks[page] === 0) this.closePage(page);
    }
    if (this.emptied.length > 0) this.emptied.length = 0;
  }

  bytes(): number {
    const page = 4 + BITMAP_WORDS * 4 + 4 + 1;
    const node = FAN * 4 + BITMAP_WORDS * 4 + 8;
    return this.pageCapacity * page + this.nodeMarks.length * node;
  }

  private lowestIn(node: number, bit: number, depth: number): number {
    let child = this.children[node * FAN + bit] as number;
    for (let left = depth; left > 0; left -= 1) {
      child = this.children[child * FAN + bitFrom(this.nodeBits, child, 0)] as number;
    }
    return child * PAGE_PRICES + bitFrom(this.pageBits, child, 0);
  }

  private highestIn(node: number, bit: number, depth: number): number {
    let child = this.children[node * FAN + bit] as number;
    for (let left = depth; left > 0; left -= 1) {
      child = this.children[child * FAN + bitUpTo(this.nodeBits, child, LOW)] as number;
    }
    return child * PAGE_PRICES + bitUpTo(this.pageBits, child, LOW);
  }

  private markPath(price: number): void {
    const upper = this.children[price >>> 24] as number;
    const lower = this.children[upper * FAN + ((price >>> 16) & LOW)] as number;
    if (this.markChild(lower, (price >>> 8) & LOW) > 1) return;
    if (this.markChild(upper, (price >>> 16) & LOW) > 1) return;
    this.markChild(0, price >>> 24);
  }

  private markChild(node: number, bit: number): number {
    setBit(this.nodeBits, node, bit);
    const marks = (this.nodeMarks[node] as number) + 1;
    this.nodeMarks[node] = marks;
    return marks;
  }

  private unmarkPath(page: number, price: number): void {
    if (this.isEmptied[page] === 0) {
      this.isEmptied[page] = 1;
      this.emptied.push(page);
    }
    const upper = this.children[price >>> 24] as number;
    const lower = this.children[upper * FAN + ((price >>> 16) & LOW)] as number;
    if (this.unmarkChild(lower, (price >>> 8) & LOW) > 0) return;
    if (this.unmarkChild(upper, (price >>> 16) & LOW) > 0) return;
    this.unmarkChild(0, price >>> 24);
  }

  private unmarkChild(node: number, bit: number): number {
    clearBit(this.nodeBits, node, bit);
    const marks = (this.nodeMarks[node] as number) - 1;
    this.nodeMarks[node] = marks;
    return marks;
  }

  private openPage(price: number): number {
    const upper = this.openNode(0, price >>> 24);
    const lower = this.openNode(upper, (price >>> 16) & LOW);
    const page = this.freePages.pop() ?? this.unusedPage();
    this.bases[page] = price >>> 8;
    this.children[lower * FAN + ((price >>> 8) & LOW)] = page;
    this.nodeChildren[lower] = (this.nodeChildren[lower] as number) + 1;
    return page;
  }

  private openNode(parent: number, bit: number): number {
    const present = this.children[parent * FAN + bit] as number;
    if (present !== 0) return present;
    const node = this.freeNodes.pop() ?? this.unusedNode();
    this.children[parent * FAN + bit] = node;
    this.nodeChildren[parent] = (this.nodeChildren[parent] as number) + 1;
    return node;
  }

  private closePage(page: number): void {
    const base = this.bases[page] as number;
    const upper = this.children[base >>> 16] as number;
    const lower = this.children[upper * FAN + ((base >>> 8) & LOW)] as number;
    this.freePages.push(page);
    if (this.closeChild(lower, base & LOW) > 0) return;
    this.freeNodes.push(lower);
    if (this.closeChild(upper, (base >>> 8) & LOW) > 0) return;
    this.freeNodes.push(upper);
    this.closeChild(0, base >>> 16);
  }

  private closeChild(node: number, bit: number): number {
    this.children[node * FAN + bit] = 0;
    const left = (this.nodeChildren[node] as number) - 1;
    this.nodeChildren[node] = left;
    return left;
  }

  private unusedPage(): number {
    const page = this.firstUnusedPage;
    this.firstUnusedPage += 1;
    if (page < this.pageCapacity) return page;
    assert(page < PAGES_MAX, `a market uses at most ${PAGES_MAX} price pages`);
    this.pageCapacity *= 2;
    this.bases = grownWords(this.bases, this.pageCapacity);
    this.pageBits = grownWords(this.pageBits, this.pageCapacity * BITMAP_WORDS);
    this.pageMarks = grownWords(this.pageMarks, this.pageCapacity);
    const isEmptied = new Uint8Array(this.pageCapacity);
    isEmptied.set(this.isEmptied);
    this.isEmptied = isEmptied;
    return page;
  }

  private unusedNode(): number {
    const node = this.firstUnusedNode;
    this.firstUnusedNode += 1;
    if (node < this.nodeMarks.length) return node;
    const capacity = 2 * this.nodeMarks.length;
    this.children = grownWords(this.children, capacity * FAN);
    this.nodeBits = grownWords(this.nodeBits, capacity * BITMAP_WORDS);
    this.nodeMarks = grownWords(this.nodeMarks, capacity);
    this.nodeChildren = grownWords(this.nodeChildren, capacity);
    return node;
  }
}

function grownWords(words: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(words);
  return grown;
}

function setBit(bitmaps: Int32Array, map: number, bit: number): void {
  const at = map * BITMAP_WORDS + (bit >>> 5);
  bitmaps[at] = (bitmaps[at] as number) | (1 << (bit & 31));
}

function clearBit(bitmaps: Int32Array, map: number, bit: number): void {
  const at = map * BITMAP_WORDS + (bit >>> 5);
  bitmaps[at] = (bitmaps[at] as number) & ~(1 << (bit & 31));
}

/** The lowest set bit at or above `from` (0..256), or -1. */
function bitFrom(bitmaps: Int32Array, map: number, from: number): number {
  if (from > LOW) return -1;
  let word = from >>> 5;
  let bits = (bitmaps[map * BITMAP_WORDS + word] as number) & (-1 << (from & 31));
  while (bits === 0) {
    word += 1;
    if (word === BITMAP_WORDS) return -1;
    bits = bitmaps[map * BITMAP_WORDS + word] as number;
  }
  return word * 32 + 31 - Math.clz32(bits & -bits);
}

/** The highest set bit at or below `to` (-1..255), or -1. */
function bitUpTo(bitmaps: Int32Array, map: number, to: number): number {
  if (to < 0) return -1;
  let word = to >>> 5;
  let bits = (bitmaps[map * BITMAP_WORDS + word] as number) & (-1 >>> (31 - (to & 31)));
  while (bits === 0) {
    word -= 1;
    if (word < 0) return -1;
    bits = bitmaps[map * BITMAP_WORDS + word] as number;
  }
  return word * 32 + 31 - Math.clz32(bits);
}
