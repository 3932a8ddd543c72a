// What a record of the dead letters is taken for, and where it may be sent.
import { describe, expect, it } from 'vitest';
import { readLetter, whyNotRedrivable } from './letter.ts';

function letter(headers: Record<string, string>) {
  const value = Buffer.from('{}');
  const place = { topic: 'dead-letters', partition: 0, offset: 3, key: null, timestampMs: 0 };
  return readLetter({ ...place, headers, value });
}

const EVENT = {
  ce_specversion: '1.0',
  ce_id: 'e1',
  ce_source: '/engine-daemon/0',
  ce_type: 'dev.bourse.exchange.engine.executed.v1',
  'content-type': 'application/json',
};
const ERROR = {
  ce_knativeerrorcode: '400',
  ce_knativeerrordata: Buffer.from('{"code":"EVENT_INVALID"}').toString('base64'),
  ce_knativekafkapartition: '0',
  ce_knativekafkaoffset: '12',
};

describe('a dead letter', () => {
  it.each([
    'http://169.254.169.254/latest',
    'http://settlement.bourse.svc.cluster.local.evil.example/events',
    'http://user@postgres.bourse.svc.cluster.local/',
    'http://postgres.bourse.svc.cluster.local/events',
    'https://settlement.bourse.svc.cluster.local/events',
    'http://settlement.bourse.svc.cluster.local:9/events',
    'file:///etc/passwd',
    'nonsense',
    '',
  ])('is never sent to %s', (dest) => {
    const found = letter({ ...EVENT, ...ERROR, ce_knativeerrordest: dest });
    expect(found.destination).toBeNull();
    expect(whyNotRedrivable(found)).toContain('names no function');
  });

  it('of the engine explains why it cannot be redriven', () => {
    const found = letter({
      ...EVENT,
      ...ERROR,
      ce_knativeerrordest: '/engine-daemon/0',
      ce_kafkatopic: 'orders.accepted',
      ce_kafkapartition: '0',
      ce_kafkaoffset: '99',
    });
    expect(found).toMatchObject({ consumer: 'engine-daemon', origin: 'orders.accepted/0@99' });
    expect(whyNotRedrivable(found)).toContain('orders.accepted/0@99');
  });

  it('of a source names its consumer, its event and why, and is the event without the error', () => {
    const found = letter({
      ...EVENT,
      ...ERROR,
      ce_knativeerrordest: 'http://settlement.bourse.svc.cluster.local/events',
    });
    expect(found).toMatchObject({
      consumer: 'settlement',
      origin: 'engine.executions/0@12',
      originTopic: 'engine.executions',
      code: '400',
      error: '{"code":"EVENT_INVALID"}',
    });
    expect(whyNotRedrivable(found)).toBeNull();
    expect(found.event.contentType).toBe('application/json');
    expect(found.event.attributes).toEqual({
      specversion: '1.0',
      id: 'e1',
      source: '/engine-daemon/0',
      type: 'dev.bourse.exchange.engine.executed.v1',
      knativekafkapartition: '0',
      knativekafkaoffset: '12',
    });
  });

  it('knows the topic of a record that was no CloudEvent', () => {
    const found = letter({
      ce_type: 'dev.knative.kafka.event',
      ce_source: '/apis/v1/namespaces/bourse/kafkasources/settlement#engine.executions',
    });
    expect(found.originTopic).toBe('engine.executions');
  });
});
