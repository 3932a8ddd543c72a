// The cache of brokers: what is in it is whole, whoever else fills it at the same time.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getKafkaJars, hasKafkaJars } from './kafka-jars.ts';
import { KAFKA_VERSION_DEFAULT } from './kafka-version.ts';

const DOWNLOAD_TEST_TIMEOUT_MS = 600_000;
const ignore = (): void => undefined;

describe('the cache of brokers', () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'bourse-cache-'));
    vi.stubEnv('XDG_CACHE_HOME', cache);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true, force: true });
  });
  const versions = (): string[] => readdirSync(join(cache, 'bourse', 'kafka'));

  it(
    'is filled once by two that start together, and not fetched again',
    async () => {
      // What two killed downloads left: one long ago, one that may still be at work.
      const [old, young] = ['partial-old', 'partial-young'].map((name) =>
        join(cache, 'bourse', 'kafka', name),
      ) as [string, string];
      mkdirSync(old, { recursive: true });
      mkdirSync(young);
      utimesSync(old, 1, 1);
      expect(hasKafkaJars(KAFKA_VERSION_DEFAULT)).toBe(false);
      const folders = await Promise.all(
        Array.from({ length: 2 }, () => getKafkaJars(KAFKA_VERSION_DEFAULT, ignore)),
      );
      expect(new Set(folders).size).toBe(1);
      const broker = join(folders[0] ?? '', `kafka_2.13-${KAFKA_VERSION_DEFAULT}.jar`);
      expect(existsSync(broker)).toBe(true);
      expect(versions().sort()).toEqual([KAFKA_VERSION_DEFAULT, 'partial-young']);
      const notices: string[] = [];
      await getKafkaJars(KAFKA_VERSION_DEFAULT, (text) => notices.push(text));
      expect(notices).toEqual([]);
    },
    DOWNLOAD_TEST_TIMEOUT_MS,
  );

  it(
    'holds nothing of a version that does not exist',
    async () => {
      await expect(getKafkaJars('3.9.99', ignore)).rejects.toThrow('cannot fetch Kafka 3.9.99');
      expect(versions()).toEqual([]);
    },
    DOWNLOAD_TEST_TIMEOUT_MS,
  );
});
