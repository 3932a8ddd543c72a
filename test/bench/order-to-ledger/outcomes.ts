// When the engine's answer to a request became readable in the log: the bench reads the log itself,
// after the run.
import { openBus } from '../../../shared/bus/open-bus.ts';
import type { Bus, IncomingRecord } from '../../../shared/bus/bus.ts';
import { decodeEvent, isDecodeFailure } from '../../../shared/events/envelope.ts';
import type { ExecutionEvent } from '../../../shared/events/executions.ts';
import type { Sent } from './open-loop.ts';

const TOPIC = 'engine.executions';
const PARTITION = 0;
const BATCH_MAX = 500;

const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // The bench has nothing to say about the log's connections.
}

interface OrderTimes {
  /** First event that names the order: it rests, it trades, or it has ended. */
  answeredAtMs: number;
  endedAtMs: number;
}

export class OutcomeLog {
  readonly #bus: Bus;

  constructor(url: string) {
    this.#bus = openBus({ url, applicationName: 'bench', log: quiet });
  }

  /** Where the log ends now: what comes later is of the run that begins. */
  async end(): Promise<number> {
    return (await this.#bus.offsets(TOPIC, PARTITION)).next;
  }

  /** From when each accepted request was due until the record of its outcome. */
  async latencies(from: number, sent: readonly Sent[]): Promise<number[]> {
    const orders = await this.#read(from);
    return sent.flatMap((each) => {
      const times = each.orderId === null ? undefined : orders.get(each.orderId);
      if (times === undefined || each.status < 200 || each.status > 299) return [];
      const at = each.kind === 'place' ? times.answeredAtMs : times.endedAtMs;
      return at < each.dueAtMs ? [] : [at - each.dueAtMs];
    });
  }

  close(): Promise<void> {
    return this.#bus.close();
  }

  async #read(from: number): Promise<Map<string, OrderTimes>> {
    const orders = new Map<string, OrderTimes>();
    const end = await this.end();
    if (from >= end) return orders;
    await new Promise<void>((done, fail) => {
      this.#bus
        .tail({
          topic: TOPIC,
          partition: PARTITION,
          from,
          batchMax: BATCH_MAX,
          onBatch: (records) => {
            for (const record of records) note(orders, record);
            if ((records.at(-1)?.offset ?? -1) >= end - 1) done();
            return Promise.resolve();
          },
          onError: fail,
        })
        .catch(fail);
    });
    return orders;
  }
}

function note(orders: Map<string, OrderTimes>, record: IncomingRecord): void {
  const type = record.headers['ce_type'];
  const executed = decodeEvent('executions', type, record.value.toString('utf8'));
  if (isDecodeFailure(executed)) return;
  for (const event of executed.outputs.flatMap(({ events }) => events)) {
    for (const id of ordersOf(event)) {
      const times = orders.get(id) ?? { answeredAtMs: record.timestampMs, endedAtMs: 0 };
      if (event.kind === 'ended') times.endedAtMs = record.timestampMs;
      orders.set(id, times);
    }
  }
}

function ordersOf(event: ExecutionEvent): readonly string[] {
  switch (event.kind) {
    case 'trade':
    case 'prevented':
      return [event.taker.orderId, event.maker.orderId];
    case 'opened':
    case 'pegged':
    case 'armed':
    case 'triggered':
    case 'reduced':
    case 'ended':
    case 'amended':
      return [event.orderId];
    case 'refused':
    case 'deadman_set':
    case 'deadman_fired':
    case 'user_blocked':
    case 'configured':
    case 'phase_changed':
    case 'indicative':
    case 'uncrossed':
      return [];
  }
}
