// A KafkaSink: produces the event to its topic in Kafka binary mode, keyed by `partitionkey`.
import type { Bus } from '../../../shared/bus/bus.ts';
import type { Answer, Target } from '../kafka-source/deliver.ts';
import type { HttpEvent } from '../kafka-source/event.ts';

export class KafkaSinkTarget implements Target {
  readonly uri: string;
  readonly #bus: Bus;
  readonly #topic: string;

  constructor(bus: Bus, namespace: string, name: string, topic: string) {
    this.#bus = bus;
    this.#topic = topic;
    this.uri = `http://kafka-sink-ingress.knative-eventing.svc.cluster.local/${namespace}/${name}`;
  }

  async send(event: HttpEvent): Promise<Answer> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(event.attributes)) headers[`ce_${name}`] = value;
    if (event.contentType !== undefined) headers['content-type'] = event.contentType;
    const key = event.attributes['partitionkey'] ?? null;
    await this.#bus.publish([{ topic: this.#topic, key, headers, value: event.body }]);
    return { status: 202, headers: {}, body: Buffer.alloc(0) };
  }
}
