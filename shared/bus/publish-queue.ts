// Turns concurrent publishes into few requests: while one request is on its way, what arrives is
// gathered for the next (group commit). One request at a time, so records keep their order.
import { crashPoint } from '../config/crash-point.ts';
import { RetryableError, TerminalError } from '../domain/failure.ts';
import type { OutgoingRecord } from './bus.ts';
import { checkRecord, RECORD_BYTES_MAX } from './record-limits.ts';

/** A request carries at most this much; a Kafka broker refuses bigger batches. */
const REQUEST_BYTES_MAX = RECORD_BYTES_MAX;
const REQUEST_RECORDS_MAX = 2_000;
/** What a record costs beside its content, so that many empty ones fill a request too. */
const RECORD_OVERHEAD_BYTES = 64;
/** What may wait in memory before publishers are told to come back later. */
const QUEUE_BYTES_MAX = 64_000_000;

interface Publish {
  failed: boolean;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

interface Part {
  readonly records: readonly OutgoingRecord[];
  readonly bytes: number;
}

interface QueuedPart extends Part {
  readonly publish: Publish;
  readonly last: boolean;
}

export class PublishQueue {
  readonly #send: (records: readonly OutgoingRecord[]) => Promise<void>;
  readonly #queue: QueuedPart[] = [];
  #queuedBytes = 0;
  #closed = false;
  #draining: Promise<void> | null = null;

  /** `send` makes one request; it is never called while another request is on its way. */
  constructor(send: (records: readonly OutgoingRecord[]) => Promise<void>) {
    this.#send = send;
  }

  /** Resolves when all of the records are sent. Rejects at once what can never be sent. */
  async add(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.#closed) throw new TerminalError('the bus is closed');
    const parts = splitIntoParts(records);
    if (parts.length === 0) return;
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > QUEUE_BYTES_MAX) {
      throw new RetryableError('too much is waiting to be published');
    }
    this.#queuedBytes += bytes;
    await new Promise<void>((done, fail) => {
      const publish: Publish = { failed: false, done, fail };
      parts.forEach((part, at) => {
        this.#queue.push({ ...part, publish, last: at === parts.length - 1 });
      });
      this.#draining ??= this.#drain();
    });
  }

  /** Sends what was accepted, then refuses more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // One turn of the event loop: publishes made together travel together.
    await Promise.resolve();
    for (;;) {
      const request = this.#takeRequest();
      if (request.length === 0) break;
      try {
        crashPoint('log.append.before');
        await this.#send(request.flatMap((part) => part.records));
        crashPoint('log.append.after');
        for (const part of request) if (part.last) part.publish.done();
      } catch (error) {
        for (const part of request) this.#failPublish(part.publish, error);
      }
    }
    this.#draining = null;
  }

  #failPublish(publish: Publish, error: unknown): void {
    if (publish.failed) return;
    publish.failed = true;
    publish.fail(error);
  }

  #takeRequest(): QueuedPart[] {
    const request: QueuedPart[] = [];
    let bytes = 0;
    let count = 0;
    for (const part of this.#queue) {
      const isFull =
        bytes + part.bytes > REQUEST_BYTES_MAX || count + part.records.length > REQUEST_RECORDS_MAX;
      if (request.length > 0 && isFull) break;
      bytes += part.bytes;
      count += part.records.length;
      request.push(part);
    }
    this.#queue.splice(0, request.length);
    this.#queuedBytes -= bytes;
    // What follows a lost part of the same publish must not overtake its repetition.
    return request.some((part) => part.publish.failed) ? this.#withoutFailed(request) : request;
  }

  #withoutFailed(request: readonly QueuedPart[]): QueuedPart[] {
    const rest = request.filter((part) => !part.publish.failed);
    return rest.length > 0 || this.#queue.length === 0 ? rest : this.#takeRequest();
  }
}

function splitIntoParts(records: readonly OutgoingRecord[]): Part[] {
  const parts: Part[] = [];
  let open: OutgoingRecord[] = [];
  let openBytes = 0;
  for (const record of records) {
    const bytes = checkRecord(record) + RECORD_OVERHEAD_BYTES;
    const isFull = openBytes + bytes > REQUEST_BYTES_MAX || open.length === REQUEST_RECORDS_MAX;
    if (open.length > 0 && isFull) {
      parts.push({ records: open, bytes: openBytes });
      open = [];
      openBytes = 0;
    }
    open.push(record);
    openBytes += bytes;
  }
  if (open.length > 0) parts.push({ records: open, bytes: openBytes });
  return parts;
}
