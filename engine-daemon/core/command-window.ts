// Which command numbers a market has seen: one bit each for the last 2^20 numbers below the
// highest.
import { assert } from '../../shared/domain/failure.ts';

/** Numbers that are remembered, counted down from the highest one seen. */
export const COMMAND_WINDOW = 1_048_576;

const WINDOW_WORDS = COMMAND_WINDOW / 32;
const BIT_MASK = COMMAND_WINDOW - 1;

export const COMMAND_NEW = 0;
export const COMMAND_REPEATED = 1;
export const COMMAND_TOO_OLD = 2;

export class CommandWindow {
  highest = 0;
  readonly words = new Int32Array(WINDOW_WORDS);

  /** Says whether the number is new, and remembers it if so. */
  admit(commandNumber: number): number {
    if (commandNumber > this.highest) {
      this.advance(commandNumber);
      return COMMAND_NEW;
    }
    if (commandNumber <= this.highest - COMMAND_WINDOW) return COMMAND_TOO_OLD;
    const bit = commandNumber & BIT_MASK;
    const word = this.words[bit >>> 5] as number;
    if ((word & (1 << (bit & 31))) !== 0) return COMMAND_REPEATED;
    this.words[bit >>> 5] = word | (1 << (bit & 31));
    return COMMAND_NEW;
  }

  /** Takes over a saved window. */
  restore(highest: number, words: Int32Array): void {
    assert(Number.isSafeInteger(highest) && highest >= 0, 'highest command number is malformed');
    assert(words.length === WINDOW_WORDS, 'command window has another size');
    this.highest = highest;
    this.words.set(words);
  }

  /** Forgets the numbers that fall out of the window between the old highest and the new one. */
  private advance(commandNumber: number): void {
    assert(Number.isSafeInteger(commandNumber), 'command number is no safe integer');
    const step = commandNumber - this.highest;
    if (step >= COMMAND_WINDOW) {
      this.words.fill(0);
    } else if (step > 1) {
      this.forget((this.highest + 1) & BIT_MASK, step - 1);
    }
    const bit = commandNumber & BIT_MASK;
    const word = this.words[bit >>> 5] as number;
    this.words[bit >>> 5] = word | (1 << (bit & 31));
    this.highest = commandNumber;
  }

  private forget(firstBit: number, count: number): void {
    let bit = firstBit;
    let left = count;
    while (left > 0) {
      const offset = bit & 31;
      if (offset === 0 && left >= 32) {
        this.words[bit >>> 5] = 0;
        bit = (bit + 32) & BIT_MASK;
        left -= 32;
      } else {
        this.words[bit >>> 5] = (this.words[bit >>> 5] as number) & ~(1 << offset);
        bit = (bit + 1) & BIT_MASK;
        left -= 1;
      }
    }
  }
}
