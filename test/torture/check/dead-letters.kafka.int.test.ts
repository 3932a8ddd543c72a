// That a letter in Kafka is seen, and none is made up.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { textRecord } from '../../../shared/bus/contract/harness.ts';
import { openBus } from '../../../shared/bus/open-bus.ts';
import { TOPICS } from '../../../shared/events/catalog.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { startServices, type Services } from '../../../shared/testing/services/start-services.ts';
import { checkDeadLetters } from './dead-letters.ts';
import { Violations } from './violations.ts';

const TIMEOUT_MS = 600_000;
const dataDir = mkdtempSync(join(tmpdir(), 'bourse-letters-'));
let services: Services<'kafka'>;

beforeAll(async () => {
  services = await startServices(['kafka'], { dataDir });
}, TIMEOUT_MS);

afterAll(async () => {
  await services.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, TIMEOUT_MS);

it(
  'is a violation only when there is a letter',
  async () => {
    const { brokers } = services.kafka;
    const topic = TOPICS['dead-letters'];
    const bus = openBus({
      url: `kafka://${brokers}`,
      applicationName: 'test',
      log: silentLogger(),
    });
    const violations = new Violations();
    try {
      await bus.provision([topic]);
      await checkDeadLetters(brokers, violations);
      expect(violations.list()).toEqual([]);
      await bus.publish([textRecord(topic.name, 'a letter')]);
      await checkDeadLetters(brokers, violations);
      expect(violations.list()).toMatchObject([{ invariant: 'A2', row: { next: 1 } }]);
    } finally {
      await bus.close();
    }
  },
  TIMEOUT_MS,
);
