// `npm run dead-letters` on Kafka: each broker that TEST_SERVICES names.
import { inject } from 'vitest';
import { describeTool } from './testing/suite.ts';

for (const { version, brokers } of inject('kafkaBrokers')) {
  describeTool(`Kafka ${version}`, () => `kafka://${brokers}`);
}
