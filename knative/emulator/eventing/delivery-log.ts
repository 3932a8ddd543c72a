// What the inspector shows: the latest attempts, in a ring of fixed size.
import type { IncomingRecord } from '../../../shared/bus/bus.ts';
import type { Attempt } from '../kafka-source/deliver.ts';
import type { HttpEvent } from '../kafka-source/event.ts';

export const DELIVERIES_KEPT = 2_000;

export interface Delivery {
  readonly id: string;
  readonly at: string;
  readonly source: string;
  readonly target: Attempt['target'] | 'replay';
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly eventType: string;
  readonly eventId: string;
  readonly attempt: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly latencyMs: number;
}

export interface DeliveryFilter {
  readonly source?: string | undefined;
  /** Such as `200`, `4xx`, `failed`. */
  readonly status?: string | undefined;
  readonly limit: number;
}

export class DeliveryLog {
  readonly #ring: Delivery[] = [];
  #made = 0;

  add(
    source: string,
    record: IncomingRecord,
    event: HttpEvent,
    attempt: Attempt,
    target: Delivery['target'] = attempt.target,
  ): Delivery {
    const delivery: Delivery = {
      id: String(this.#made + 1),
      at: new Date().toISOString(),
      source,
      target,
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      eventType: event.attributes['type'] ?? '',
      eventId: event.attributes['id'] ?? '',
      attempt: attempt.attempt,
      status: attempt.status,
      error: attempt.error,
      latencyMs: Math.round(attempt.latencyMs * 100) / 100,
    };
    this.#ring[this.#made % DELIVERIES_KEPT] = delivery;
    this.#made += 1;
    return delivery;
  }

  get(id: string): Delivery | null {
    const number = Number(id);
    if (!/^[1-9][0-9]{0,14}$/.test(id) || number > this.#made) return null;
    const found = this.#ring[(number - 1) % DELIVERIES_KEPT];
    return found?.id === id ? found : null;
  }

  /** Newest first. */
  list(filter: DeliveryFilter): Delivery[] {
    const found: Delivery[] = [];
    const oldest = Math.max(0, this.#made - DELIVERIES_KEPT);
    for (let at = this.#made - 1; at >= oldest && found.length < filter.limit; at -= 1) {
      const delivery = this.#ring[at % DELIVERIES_KEPT];
      if (delivery !== undefined && matches(delivery, filter)) found.push(delivery);
    }
    return found;
  }
}

function matches(delivery: Delivery, { source, status }: DeliveryFilter): boolean {
  if (source !== undefined && delivery.source !== source) return false;
  if (status === undefined) return true;
  if (status === 'failed') return delivery.status === null || delivery.status >= 300;
  if (/^[1-5]xx$/.test(status)) return String(delivery.status).startsWith(status.slice(0, 1));
  return String(delivery.status) === status;
}
