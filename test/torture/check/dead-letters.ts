// A2 where the log is Kafka: nothing went to the dead letters. Of the embedded log the live audit
// reads as much in SQL.
import { openBus } from '../../../shared/bus/open-bus.ts';
import { TOPICS } from '../../../shared/events/catalog.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import type { Violations } from './violations.ts';

/** `brokers`: past the proxy; null when the log is not Kafka. */
export async function checkDeadLetters(
  brokers: string | null,
  violations: Violations,
): Promise<void> {
  if (brokers === null) return;
  const url = `kafka://${brokers}`;
  const bus = openBus({ url, applicationName: 'torture', log: silentLogger() });
  try {
    const topic = TOPICS['dead-letters'].name;
    const partitions = await bus.partitions(topic);
    for (let partition = 0; partition < partitions; partition += 1) {
      const { next } = await bus.offsets(topic, partition);
      if (next > 0) violations.add('A2', 'an event went to the dead letters', { partition, next });
    }
  } finally {
    await bus.close();
  }
}
