// Topics on real brokers: what is refused for being unsafe, who shares a cluster with whom.
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { readKafkaSettings } from '../../config/kafka-config.ts';
import { TerminalError } from '../../domain/failure.ts';
import type { Bus } from '../bus.ts';
import { collectTail, eventually, freshTopic, textRecord, texts } from '../contract/harness.ts';
import { openBus } from '../open-bus.ts';
import { PrefixedBus } from './prefixed-bus.ts';

const ignore = (): void => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

describe.each(inject('kafkaBrokers'))('topics of Kafka $version', ({ brokers }) => {
  const buses: Bus[] = [];
  afterAll(() => Promise.all(buses.map((bus) => bus.close())));

  function open(environment: Readonly<Record<string, string>> = {}): Bus {
    const kafka = readKafkaSettings(environment);
    const bus = openBus({ url: `kafka://${brokers}`, applicationName: 'topics', log, kafka });
    buses.push(bus);
    return bus;
  }

  /** As somebody else would who does not know our demands. */
  async function createTopic(settings: Readonly<Record<string, string>>): Promise<string> {
    const topic = `topics.${randomUUID()}`;
    const kafka = new kafkajs.Kafka({
      brokers: brokers.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, configEntries }] });
    await admin.disconnect();
    return topic;
  }

  it.each([
    ['cleanup.policy', 'compact'],
    ['unclean.leader.election.enable', 'true'],
    ['min.insync.replicas', '2'],
  ])('are refused with %s=%s, by every use', async (setting, value) => {
    const name = await createTopic({ [setting]: value });
    const bus = open();
    const uses = [
      () => bus.publish([textRecord(name, 'x')]),
      () => bus.offsets(name, 0),
      () => collectTail(bus, name),
      () => bus.provision([{ name, partitions: 1, retentionMs: -1 }]),
    ];
    for (const use of uses) {
      const used = use();
      await expect(used).rejects.toThrow(TerminalError);
      await expect(used).rejects.toThrow(`unsafe topics: ${name} has ${setting}=${value}`);
    }
  });

  it('are refused when they have fewer copies than demanded', async () => {
    const name = await freshTopic(open());
    const demanding = open({ KAFKA_REPLICATION_MIN: '3' });
    await expect(demanding.offsets(name, 0)).rejects.toThrow(
      `${name} has 1 copies, not the 3 demanded; ${name} has min.insync.replicas=1, not the 2`,
    );
    const made = freshTopic(demanding);
    await expect(made).rejects.toThrow(TerminalError);
    await expect(made).rejects.toThrow('fewer brokers than the 3 copies demanded');
  });

  it('of one prefix are not those of another, nor are the groups', async () => {
    const [one, two] = [randomUUID(), randomUUID()].map((id) =>
      open({ KAFKA_TOPIC_PREFIX: `env-${id}.` }),
    );
    if (one === undefined || two === undefined) throw new Error('two were opened');
    const topic = await freshTopic(one, 2);
    await two.provision([{ name: topic, partitions: 1, retentionMs: -1 }]);
    await one.publish([textRecord(topic, 'one')]);
    await two.publish([textRecord(topic, 'two')]);
    const tail = await collectTail(two, topic);
    await eventually(() => expect(texts(tail.records)).toEqual(['two']));
    expect(tail.records[0]?.topic).toBe(topic);
    const seen: string[] = [];
    const member = await one.joinGroup({
      group: 'same name',
      topics: [topic],
      initialOffset: 'earliest',
      batchMax: 10,
      onBatch: (records) => {
        seen.push(...records.map((record) => `${record.topic} ${record.value.toString()}`));
        return Promise.resolve();
      },
      onError: (error) => seen.push(String(error)),
    });
    await eventually(() => expect(seen).toEqual([`${topic} one`]));
    await eventually(async () => expect(await member.commit(topic, 0, 1)).toBe(true));
    expect(await one.committed('same name', topic)).toEqual(new Map([[0, 1]]));
    expect(await two.committed('same name', topic)).toEqual(new Map());
    expect([await one.partitions(topic), await two.partitions(topic)]).toEqual([2, 1]);
  });

  it('are gone, with all commits, when somebody asks for just that', async () => {
    const bus = open({ KAFKA_TOPIC_PREFIX: `env-${randomUUID()}.` });
    if (!(bus instanceof PrefixedBus)) throw new Error('it has a prefix');
    const topic = await freshTopic(bus);
    await bus.publish([textRecord(topic, 'old')]);
    await bus.deleteTopics([topic, 'never.made']);
    await expect(bus.partitions(topic)).rejects.toThrow('unknown topic');
    await bus.provision([{ name: topic, partitions: 1, retentionMs: -1 }]);
    expect(await bus.offsets(topic, 0)).toEqual({ first: 0, next: 0 });
  });
});
