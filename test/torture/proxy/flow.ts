// One direction of one connection: takes what a socket sends and hands it to the other, as the
// toxics of its link let it.
import type { Socket } from 'node:net';
import { pause } from '../pause.ts';
import type { Toxic } from './toxics.ts';

/** What may wait on its way before the sender is made to wait. */
const QUEUE_BYTES_MAX = 1_000_000;

interface Piece {
  readonly bytes: Buffer;
  readonly arrivedMs: number;
}

export interface FlowOptions {
  readonly from: Socket;
  readonly to: Socket;
  /** The toxic of this direction at this moment. */
  readonly toxic: () => Toxic | null;
  readonly jitter: () => number;
  /** Ends both sockets with RST. */
  readonly reset: () => void;
}

export class Flow {
  /** Bytes were swallowed: what came later would make no sense to the reader. */
  isBroken = false;
  readonly #options: FlowOptions;
  readonly #queue: Piece[] = [];
  #queuedBytes = 0;
  #passedBytes = 0;
  #running = false;
  #lastDueMs = 0;

  constructor(options: FlowOptions) {
    this.#options = options;
    options.from.on('data', (bytes: Buffer) => this.take(bytes));
  }

  /** True while something is still to be handed over. */
  get isBusy(): boolean {
    return this.#running;
  }

  /** A toxic that counts bytes begins to count now. */
  begin(): void {
    this.#passedBytes = 0;
  }

  take(bytes: Buffer): void {
    this.#queue.push({ bytes, arrivedMs: performance.now() });
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > QUEUE_BYTES_MAX) this.#options.from.pause();
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
      await this.#pass(piece);
      this.#queuedBytes -= piece.bytes.length;
      if (this.#queuedBytes <= QUEUE_BYTES_MAX) this.#options.from.resume();
    }
    this.#running = false;
  }

  async #pass({ bytes, arrivedMs }: Piece): Promise<void> {
    const toxic = this.#options.toxic();
    if (this.isBroken || toxic?.kind === 'black_hole') {
      this.isBroken = true;
      return;
    }
    switch (toxic?.kind) {
      case 'latency': {
        const dueMs = arrivedMs + toxic.ms + toxic.jitterMs * this.#options.jitter();
        // Order stays: TCP has no overtaking.
        this.#lastDueMs = Math.max(this.#lastDueMs, dueMs);
        await pause(Math.max(0, this.#lastDueMs - performance.now()));
        return this.#write(bytes);
      }
      case 'bandwidth':
        await pause((bytes.length / toxic.bytesPerSecond) * 1_000);
        return this.#write(bytes);
      case 'slicer':
        return this.#slice(bytes, toxic.bytes, toxic.delayMs);
      case 'limit_data': {
        const left = toxic.bytes - this.#passedBytes;
        this.#passedBytes += bytes.length;
        await this.#write(bytes.subarray(0, Math.max(0, left)));
        if (bytes.length >= left) this.#options.reset();
        return;
      }
      default:
        return this.#write(bytes);
    }
  }

  async #slice(bytes: Buffer, size: number, delayMs: number): Promise<void> {
    for (let at = 0; at < bytes.length; at += size) {
      // Its time may be over while a long message is still on its way.
      const isOver = this.#options.toxic()?.kind !== 'slicer';
      await this.#write(isOver ? bytes.subarray(at) : bytes.subarray(at, at + size));
      if (isOver) return;
      await pause(delayMs);
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const { to } = this.#options;
    if (bytes.length === 0 || to.destroyed || to.writableEnded) return;
    if (to.write(bytes)) return;
    await new Promise<void>((done) => {
      const finish = (): void => {
        to.off('drain', finish);
        to.off('close', finish);
        done();
      };
      to.on('drain', finish);
      to.on('close', finish);
    });
  }
}
