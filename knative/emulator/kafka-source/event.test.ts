// The CloudEvents that a KafkaSource makes of records, attribute by attribute.
import { describe, expect, it } from 'vitest';
import type { IncomingRecord } from '../../../shared/bus/bus.ts';
import { eventHeaders, recordToEvent } from './event.ts';

const SOURCE = { name: 'settlement', namespace: 'bourse', extensions: { env: 'dev' } };

function record(change: Partial<IncomingRecord>): IncomingRecord {
  return {
    topic: 'engine.executions',
    partition: 2,
    offset: 7,
    key: null,
    headers: {},
    value: Buffer.from('data'),
    timestampMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    ...change,
  };
}

describe('a record that is no CloudEvent', () => {
  it('is wrapped as the source documents it', () => {
    const event = recordToEvent(
      record({ key: 'BTC-USD', headers: { 'Content-Type': 'Text/Plain', 'X-My_Header': 'é' } }),
      SOURCE,
    );
    expect(event?.attributes).toEqual({
      specversion: '1.0',
      type: 'dev.knative.kafka.event',
      source: '/apis/v1/namespaces/bourse/kafkasources/settlement#engine.executions',
      subject: 'partition:2#7',
      id: 'partition:2/offset:7',
      time: '2026-01-02T03:04:05.006Z',
      key: 'BTC-USD',
      partitionkey: 'BTC-USD',
      kafkaheaderxmyheader: 'é',
      knativekafkapartition: '2',
      knativekafkaoffset: '7',
      env: 'dev',
    });
    expect(event?.contentType).toBe('text/plain');
  });

  it('has no key and no content type when the record has none', () => {
    const event = recordToEvent(record({ key: '' }), SOURCE);
    expect(Object.keys(event?.attributes ?? {})).not.toContain('key');
    expect(event?.contentType).toBeUndefined();
    expect(eventHeaders(event ?? fail(), 'bourse')['content-type']).toBeUndefined();
  });
});

describe('a record that is a CloudEvent', () => {
  const headers = {
    ce_specversion: '1.0',
    ce_id: 'a b"c%',
    ce_source: '/engine',
    ce_type: 'x.v1',
    ce_traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'content-type': 'application/json',
  };

  it('passes unchanged in binary mode, and the key adds nothing', () => {
    const event = recordToEvent(record({ key: 'BTC-USD', headers }), SOURCE) ?? fail();
    expect(event.attributes).toMatchObject({ id: 'a b"c%', type: 'x.v1', source: '/engine' });
    expect(event.attributes['partitionkey']).toBeUndefined();
    expect(eventHeaders(event, 'bourse')).toMatchObject({
      'ce-id': 'a%20b%22c%25',
      'ce-knativekafkaoffset': '7',
      'content-type': 'application/json',
      prefer: 'reply',
      'kn-namespace': 'bourse',
      traceparent: headers.ce_traceparent,
    });
  });

  it('is unpacked from structured mode', () => {
    const value = { specversion: '1.0', id: '1', source: '/s', type: 't', n: 3, data: { a: 1 } };
    const event = recordToEvent(
      record({
        headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
        value: Buffer.from(JSON.stringify(value)),
      }),
      SOURCE,
    );
    expect(event?.attributes).toMatchObject({ id: '1', n: '3' });
    expect(event?.body.toString()).toBe('{"a":1}');
    expect(event?.contentType).toBe('application/json');
  });

  it.each([
    ['without an id', { ...headers, ce_id: '' }, ''],
    ['that is not JSON', { 'content-type': 'application/cloudevents+json' }, '{'],
    ['that is a JSON list', { 'content-type': 'application/cloudevents+json' }, '[]'],
  ])('is skipped %s', (_what, given, text) => {
    expect(recordToEvent(record({ headers: given, value: Buffer.from(text) }), SOURCE)).toBeNull();
  });
});

function fail(): never {
  throw new Error('no event');
}
