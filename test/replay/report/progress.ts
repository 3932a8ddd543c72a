// A bar with rate and time left on a terminal, otherwise a line every few seconds. On standard
// error: standard output is for the summary.
import { SingleBar } from 'cli-progress';
import type { Writable } from 'node:stream';

const LINE_EVERY_MS = 5_000;
const REDRAWS_PER_SECOND = 8;
const FORMAT = 'replay [{bar}] {percentage} % {value}/{total} {rate}/s, {left} left';

export interface ProgressStream extends Writable {
  readonly isTTY?: boolean;
}

export class Progress {
  readonly #total: number;
  readonly #stream: ProgressStream;
  readonly #startMs = performance.now();
  readonly #bar: SingleBar | null;
  #done = 0;
  #lineMs = this.#startMs;

  constructor(total: number, stream: ProgressStream) {
    this.#total = total;
    this.#stream = stream;
    this.#bar = stream.isTTY === true ? startBar(total, stream) : null;
  }

  step(): void {
    this.#done += 1;
    if (this.#bar !== null) {
      this.#bar.update(this.#done, this.#pace());
      return;
    }
    const nowMs = performance.now();
    if (nowMs - this.#lineMs < LINE_EVERY_MS) return;
    this.#lineMs = nowMs;
    const { rate, left } = this.#pace();
    this.#stream.write(`replay ${this.#done}/${this.#total}, ${rate}/s, ${left} left\n`);
  }

  stop(): void {
    this.#bar?.stop();
  }

  #pace(): { rate: number; left: string } {
    const seconds = Math.max(0.001, (performance.now() - this.#startMs) / 1_000);
    const rate = this.#done / seconds;
    return { rate: Math.round(rate), left: formatLeft((this.#total - this.#done) / rate) };
  }
}

export function formatLeft(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown time';
  const whole = Math.ceil(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes === 0 ? `${whole} s` : `${minutes} min ${whole % 60} s`;
}

function startBar(total: number, stream: ProgressStream): SingleBar {
  const bar = new SingleBar({
    format: FORMAT,
    stream,
    fps: REDRAWS_PER_SECOND,
    hideCursor: true,
  });
  bar.start(total, 0, { rate: 0, left: 'unknown time' });
  return bar;
}
