// A KafkaSink: produces the event to its topic in Kafka binary mode, keyed by `partitionkey`.
import type { Bus } from '../../../shared/bus/bus.ts';
import type { Answer, Target } from '../kafka-source/deliver.ts';
import type { HttpEvent } from '../kafka-source/event.ts';

export class KafkaSinkTarget implements Target {
  readonly uri: string;
  readonly #bus: Bus;
  readonly #topic: string;

  constructor(bus: Bus, uri: string, topic: string) {
    this.#bus = bus;
    this.#topic = topic;
    this.uri = uri;
  }

  async send(event: HttpEvent, signal: AbortSignal): Promise<Answer> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(event.attributes)) headers[`ce_${name}`] = value;
    if (event.contentType !== undefined) headers['content-type'] = event.contentType;
    const key = event.attributes['partitionkey'] ?? null;
    const record = { topic: this.#topic, key, headers, value: event.body };
    await before(signal, this.#bus.publish([record]));
    return { status: 202, headers: {}, body: Buffer.alloc(0) };
  }
}

/** The record may still get into the log later: the sender has given up by then, and repeats. */
async function before(signal: AbortSignal, work: Promise<void>): Promise<void> {
  signal.throwIfAborted();
  let giveUp: () => void = () => undefined;
  const late = new Promise<never>((_done, fail) => {
    giveUp = () => fail(new Error('the record was not written in time'));
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    await Promise.race([work, late]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    work.catch(() => undefined);
  }
}
