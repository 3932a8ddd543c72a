// Reads and writes the primitive values of a snapshot: little-endian, bounds checked on reading.
import { assert } from '../../shared/domain/failure.ts';

export class SnapshotWriter {
  private bytes: Uint8Array;
  private view: DataView;
  private length = 0;

  /** With a good guess of the size nothing is copied on the way. */
  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  byte(value: number): void {
    // `reserve` may put a larger buffer in place, so it comes first.
    const at = this.reserve(1);
    this.view.setUint8(at, value);
  }

  word(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, true);
  }

  double(value: number): void {
    const at = this.reserve(8);
    this.view.setFloat64(at, value, true);
  }

  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.word(encoded.length);
    const at = this.reserve(encoded.length);
    this.bytes.set(encoded, at);
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  private reserve(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.bytes.length, this.length));
      grown.set(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return at;
  }
}

/** Throws AssertionError on anything that a SnapshotWriter cannot have written. */
export class SnapshotReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.view.getUint8(this.take(1));
  }

  word(): number {
    return this.view.getUint32(this.take(4), true);
  }

  double(): number {
    return this.view.getFloat64(this.take(8), true);
  }

  /** A safe integer from `least` up to `most`. */
  integer(least: number, most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.double();
    assert(Number.isSafeInteger(value), 'snapshot: a number is no safe integer');
    assert(value >= least && value <= most, 'snapshot: a number is out of its range');
    return value;
  }

  text(): string {
    const length = this.word();
    const at = this.take(length);
    return new TextDecoder('utf-8', { fatal: true }).decode(this.bytes.subarray(at, at + length));
  }

  /** For a count that was read: so many bytes must still come, before anything is made for them. */
  expect(count: number): void {
    assert(count <= this.bytes.length - this.at, 'snapshot: cut short');
  }

  isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  private take(count: number): number {
    const at = this.at;
    this.expect(count);
    this.at += count;
    return at;
  }
}
