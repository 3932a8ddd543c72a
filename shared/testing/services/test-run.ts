// The servers of one test run, as TEST_SERVICES asks for them (vitest's global set-up). Tests read
// their addresses with inject('kafkaBrokers') and inject('redisUrl').
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findVariable } from '../../config/environment.ts';
import type { BackingServer } from './backing-server.ts';
import { chooseEngine, readEngine } from './choose-engine.ts';
import { startKafka } from './kafka-server.ts';
import { startRedis } from './redis-server.ts';
import { readTestPlan, type KafkaPlan } from './test-plan.ts';

export interface GivenKafka {
  readonly version: string;
  /** `host:port,...`: plain text, no login. */
  readonly brokers: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** One for each version of the run. */
    kafkaBrokers: readonly GivenKafka[];
    redisUrl: string | null;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const plan = readTestPlan(findVariable('TEST_SERVICES'), findVariable('KAFKA_VERSION'));
  const engine = await chooseEngine(readEngine(findVariable('SERVICES_ENGINE')));
  const onNotice = (text: string): void => project.vitest.logger.log(text);
  const dir = mkdtempSync(join(tmpdir(), 'bourse-test-services-'));
  chmodSync(dir, 0o755);
  const servers: BackingServer[] = [];
  const startBroker = async ({ version, address }: KafkaPlan): Promise<GivenKafka> => {
    if (address !== null) return { version, brokers: address };
    const kafkaDir = join(dir, `kafka-${version}`);
    const kafka = await startKafka({ dir: kafkaDir, engine, version, onNotice });
    servers.push(kafka);
    return { version, brokers: kafka.brokers };
  };
  const startCache = async (): Promise<string | null> => {
    if (plan.redis === null || plan.redis.url !== null) return plan.redis?.url ?? null;
    const redis = await startRedis({ dir: join(dir, 'redis'), engine, onNotice });
    servers.push(redis);
    return redis.url;
  };
  const starts = [startCache(), ...plan.kafka.map(startBroker)] as const;
  const teardown = async (): Promise<void> => {
    // One may still be starting when another has failed.
    await Promise.allSettled(starts);
    // Their data is thrown away, so nobody waits for them to put it in order.
    await Promise.all(servers.filter((each) => each.isRunning()).map((each) => each.kill()));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const [redisUrl, ...kafkaBrokers] = await Promise.all(starts);
    project.provide('redisUrl', redisUrl);
    project.provide('kafkaBrokers', kafkaBrokers);
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}
