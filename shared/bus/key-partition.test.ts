// The hash of keys, compared with the one that Kafka clients use.
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { partitionOfKey } from './key-partition.ts';

function kafkaPartition(key: string, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));
  return Partitioners.DefaultPartitioner()({
    topic: 'any',
    partitionMetadata,
    message: { key: Buffer.from(key), value: null },
  });
}

describe('the partition of a key', () => {
  it.each(['', 'a', 'ab', 'abc', 'abcd', 'BTC-USD', 'ключ 🗝', 'usr_0000000000000001'])(
    'is the one that KafkaJS chooses for "%s"',
    (key) => {
      for (const partitions of [1, 2, 3, 7, 12, 64]) {
        expect(partitionOfKey(key, partitions)).toBe(kafkaPartition(key, partitions));
      }
    },
  );

  it('is the one that KafkaJS chooses for any key', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 100 }),
        fc.integer({ min: 1, max: 1000 }),
        (key, partitions) => {
          expect(partitionOfKey(key, partitions)).toBe(kafkaPartition(key, partitions));
        },
      ),
    );
  });
});
