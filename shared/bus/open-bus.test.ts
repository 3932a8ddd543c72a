// Which bus a URL names.
import { describe, expect, it } from 'vitest';
import { EmbeddedBus } from './embedded/embedded-bus.ts';
import { KafkaBus } from './kafka/kafka-bus.ts';
import { openBus } from './open-bus.ts';

const ignore = (): void => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

describe('opening a bus', () => {
  it.each(['redis://u:secret@host/0', 'postgres', '', 'KAFKA://a:1'])(
    'refuses "%s" without repeating it',
    (url) => {
      expect(() => openBus({ url, applicationName: 'test', log })).toThrow(
        /^a bus URL begins with postgres:\/\/ or kafka:\/\/$/,
      );
    },
  );

  it.each(['kafka://orders:secret@host:1', 'kafka://host', 'kafka://a:1,', 'kafka://a:1/secret'])(
    'refuses "%s" without repeating it',
    (url) => {
      expect(() => openBus({ url, applicationName: 'test', log })).toThrow(
        /^a kafka URL is kafka:\/\/host:port,host:port and nothing else$/,
      );
    },
  );

  it('opens the embedded log and Kafka, without connecting to either', async () => {
    const embedded = openBus({ url: 'postgres://u:p@127.0.0.1:1/d', applicationName: 'test', log });
    const kafka = openBus({ url: 'kafka://a:9092,b:9092', applicationName: 'test', log });
    expect(embedded).toBeInstanceOf(EmbeddedBus);
    expect(kafka).toBeInstanceOf(KafkaBus);
    await Promise.all([embedded.close(), kafka.close()]);
  });
});
