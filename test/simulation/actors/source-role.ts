// A dispatcher of one KafkaSource, with the delivery rules of its manifest.
import { systemClock } from '../../../knative/emulator/kafka-source/clock.ts';
import type { Target } from '../../../knative/emulator/kafka-source/deliver.ts';
import { readDeliveryPolicy } from '../../../knative/emulator/kafka-source/delivery-policy.ts';
import { eventHeaders, type HttpEvent } from '../../../knative/emulator/kafka-source/event.ts';
import { SourceConsumer } from '../../../knative/emulator/kafka-source/source.ts';
import type { SourceTopology } from '../../../knative/manifests/topology.ts';
import { TOPICS } from '../../../shared/events/catalog.ts';
import { EVENTS_PATH } from '../../../shared/function/pipeline/event-intake.ts';
import type { SimulatedProcess } from '../world/process.ts';
import type { Parts } from './parts.ts';
import { Role } from './role.ts';

const RESTART_MS_MAX = 500;
const NO_BODY = Buffer.alloc(0);

export function sourceRole(
  parts: Parts,
  name: string,
  service: string,
  source: SourceTopology,
): Role {
  return new Role(parts.world, {
    name,
    restartMsMax: RESTART_MS_MAX,
    boot: async (process) => {
      const bus = parts.openBus(process);
      const running = new SourceConsumer(source, {
        bus,
        clock: systemClock,
        sink: serviceTarget(parts, process, service, source.namespace),
        deadLetter: {
          uri: 'dead-letters',
          send: async (event) => {
            const topic = TOPICS['dead-letters'].name;
            const headers = event.attributes;
            await bus.publish([{ topic, partition: 0, key: null, headers, value: event.body }]);
            return { status: 202, headers: {}, body: NO_BODY };
          },
        },
        policy: readDeliveryPolicy(source.delivery),
        copies: () => 1,
        holdBackMs: () => null,
        onAttempt: () => undefined,
        onOutcome: (record, outcome) =>
          parts.world.note(`${name} ${record.topic}/${record.offset} ${outcome}`),
        // A commit that failed is made again with the next.
        onError: (error) => parts.world.note(`${name}: ${String(error)}`),
      });
      await running.start();
    },
  });
}

function serviceTarget(
  parts: Parts,
  process: SimulatedProcess,
  service: string,
  namespace: string,
): Target {
  return {
    uri: service,
    send: async (event: HttpEvent) => {
      const call = {
        method: 'POST',
        path: EVENTS_PATH,
        headers: eventHeaders(event, namespace),
        body: event.body,
      };
      const answer = await parts.http.call(process, service, call, () => undefined);
      const body = answer.body === undefined ? NO_BODY : Buffer.from(answer.body);
      return { status: answer.status, headers: answer.headers, body };
    },
  };
}
