// The CloudEvents that a KafkaSource makes of records, attribute by attribute.
import { describe, expect, it } from 'vitest';
import type { IncomingRecord } from '../../../shared/bus/bus.ts';
import { loadManifests } from '../../manifests/load.ts';
import { readTopology } from '../../manifests/topology.ts';
import { BASE_DIR } from '../../testing/base-manifests.ts';
import { eventHeaders, recordToEvent } from '../kafka-source/event.ts';

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
  it('[attributes.wrapped] is wrapped as the source documents it', () => {
    expect(recordToEvent(record({}), { ...SOURCE, extensions: {} })?.attributes).toEqual({
      specversion: '1.0',
      type: 'dev.knative.kafka.event',
      source: '/apis/v1/namespaces/bourse/kafkasources/settlement#engine.executions',
      subject: 'partition:2#7',
      id: 'partition:2/offset:7',
      time: '2026-01-02T03:04:05.006Z',
      knativekafkapartition: '2',
      knativekafkaoffset: '7',
    });
    expect(recordToEvent(record({}), SOURCE)?.body.toString()).toBe('data');
  });

  it('[attributes.key] has `key` and `partitionkey` when the record has a key', () => {
    const keyed = recordToEvent(record({ key: 'BTC-USD' }), SOURCE);
    expect(keyed?.attributes).toMatchObject({ key: 'BTC-USD', partitionkey: 'BTC-USD' });
    for (const key of [null, '']) {
      const names = Object.keys(recordToEvent(record({ key }), SOURCE)?.attributes ?? {});
      expect(names.filter((name) => name.endsWith('key'))).toEqual([]);
    }
  });

  it('[attributes.key-type] is refused when its keys are of another type than string', () => {
    const documents = loadManifests(BASE_DIR);
    const labelled = (type: string) =>
      documents.map((document) => {
        const body = document.body as { metadata?: object };
        const labels = { 'kafkasources.sources.knative.dev/key-type': type };
        const metadata = { ...body.metadata, labels };
        return document.kind === 'KafkaSource'
          ? { ...document, body: { ...body, metadata } }
          : document;
      });
    expect(() => readTopology(labelled('int'))).toThrow(/keys of type int are not emulated/);
    expect(readTopology(labelled('string')).sources.length).toBeGreaterThan(0);
  });

  it('[attributes.headers] has an extension for each header, its name stripped', () => {
    const headers = { 'X-My_Header.2': 'é', 'content-type': 'a/b' };
    const event = recordToEvent(record({ headers }), SOURCE) ?? fail();
    expect(event.attributes['kafkaheaderxmyheader2']).toBe('é');
    expect(Object.keys(event.attributes).filter((name) => name.startsWith('kafka'))).toHaveLength(
      1,
    );
    expect(eventHeaders(event, 'bourse')['ce-kafkaheaderxmyheader2']).toBe('%C3%A9');
  });

  it('[attributes.content-type] has that of the record in lower case, or none', () => {
    const given = recordToEvent(record({ headers: { 'Content-Type': 'Text/Plain' } }), SOURCE);
    expect(given?.contentType).toBe('text/plain');
    const none = recordToEvent(record({}), SOURCE) ?? fail();
    expect(none.contentType).toBeUndefined();
    expect(eventHeaders(none, 'bourse')['content-type']).toBeUndefined();
  });

  it('[attributes.position] always names partition and offset, then the overrides', () => {
    const overrides = { env: 'dev', knativekafkaoffset: 'mine' };
    const event = recordToEvent(record({}), { ...SOURCE, extensions: overrides });
    expect(event?.attributes).toMatchObject({ knativekafkapartition: '2', ...overrides });
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

  it('[attributes.binary] passes unchanged in binary mode, and the key adds nothing', () => {
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

  it('[attributes.structured] is unpacked from structured mode', () => {
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

  it('[attributes.headers-only] may have no value', () => {
    const event = recordToEvent(record({ headers, value: Buffer.alloc(0) }), SOURCE);
    expect(event?.attributes['type']).toBe('x.v1');
    expect(event?.body).toHaveLength(0);
  });

  it('[attributes.nothing] is discarded when there is neither value nor event', () => {
    expect(recordToEvent(record({ value: Buffer.alloc(0) }), SOURCE)).toBeNull();
  });

  it.each([
    ['without an id', { ...headers, ce_id: '' }, 'x'],
    ['of another version', { ...headers, ce_specversion: '2.0' }, 'x'],
    ['with a malformed name', { ...headers, 'ce_a-b': '1' }, 'x'],
    ['that is not JSON', { 'content-type': 'application/cloudevents+json' }, '{'],
    ['that is a JSON list', { 'content-type': 'application/cloudevents+json' }, '[]'],
  ])('[attributes.malformed] is wrapped like any record %s', (_what, given, text) => {
    const event = recordToEvent(record({ headers: given, value: Buffer.from(text) }), SOURCE);
    expect(event?.attributes['type']).toBe('dev.knative.kafka.event');
    expect(event?.attributes['id']).toBe('partition:2/offset:7');
    expect(event?.body.toString()).toBe(text);
  });
});

function fail(): never {
  throw new Error('no event');
}
