// The servers of one test run, as TEST_SERVICES asks for them (vitest's global set-up). Tests read
// their addresses with inject('kafkaBrokers') and inject('redisUrl').
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findVariable } from '../../config/environment.ts';
import type { BackingServer } from './backing-server.ts';
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
  const dir = mkdtempSync(join(tmpdir(), 'bourse-test-services-'));
  chmodSync(dir, 0o755);
  const servers: BackingServer[] = [];
  const keep = <Server extends BackingServer>(server: Server): Server => {
    servers.push(server);
    return server;
  };
  const startBroker = async ({ version, address }: KafkaPlan): Promise<GivenKafka> => {
    if (address !== null) return { version, brokers: address };
    const onNotice = (text: string): void => project.vitest.logger.log(text);
    const broker = keep(
      await startKafka({ dir: join(dir, `kafka-${version}`), version, onNotice }),
    );
    return { version, brokers: broker.brokers };
  };
  const startCache = async (): Promise<string | null> => {
    if (plan.redis === null || plan.redis.url !== null) return plan.redis?.url ?? null;
    return keep(await startRedis({ dir: join(dir, 'redis') })).url;
  };
  const teardown = async (): Promise<void> => {
    // Their data is thrown away, so nobody waits for them to put it in order.
    await Promise.all(servers.filter((each) => each.isRunning()).map((each) => each.kill()));
    rmSync(dir, { recursive: true, force: true });
  };
  const outcomes = await Promise.allSettled([
    startCache(),
    ...plan.kafka.map(startBroker),
  ] as const);
  const failed = outcomes.find((each) => each.status === 'rejected');
  if (failed !== undefined) {
    await teardown();
    throw failed.reason;
  }
  const [redis, ...brokers] = outcomes;
  project.provide('redisUrl', redis.status === 'fulfilled' ? redis.value : null);
  project.provide(
    'kafkaBrokers',
    brokers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
  );
  return teardown;
}
