// The event catalog and its envelope.
import { describe, expect, it } from 'vitest';
import { EVENTS, TOPICS } from './catalog.ts';
import { decodeEvent, encodeEvent, isDecodeFailure } from './envelope.ts';

const TICK = { kind: 'tick' as const, timeMs: 5 };
const HEAD = { id: 'e1', source: '/test', timeMs: 0 };

describe('the catalog', () => {
  it('names each type once, on a topic that exists', () => {
    const types = Object.values(EVENTS).map((event) => event.type);
    expect(new Set(types).size).toBe(types.length);
    for (const event of Object.values(EVENTS)) expect(TOPICS).toHaveProperty(event.topic);
  });
});

describe('the envelope', () => {
  it('refuses another type, text that is no JSON, and data that does not fit', () => {
    const type = EVENTS.clockTicked.type;
    expect(isDecodeFailure(decodeEvent('clockTicked', 'other', '{}'))).toBe(true);
    expect(isDecodeFailure(decodeEvent('clockTicked', undefined, '{}'))).toBe(true);
    expect(isDecodeFailure(decodeEvent('clockTicked', type, '{'))).toBe(true);
    expect(isDecodeFailure(decodeEvent('clockTicked', type, '{"kind":"tick"}'))).toBe(true);
    expect(
      isDecodeFailure(decodeEvent('clockTicked', type, '{"kind":"tick","timeMs":5,"more":1}')),
    ).toBe(true);
  });

  it('carries the attributes as Kafka headers, the content type among them', () => {
    const encoded = encodeEvent('clockTicked', null, TICK, { ...HEAD, traceparent: '00-a-b-01' });
    expect(encoded.headers).toEqual({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_type: EVENTS.clockTicked.type,
      ce_id: 'e1',
      ce_source: '/test',
      ce_time: '1970-01-01T00:00:00.000Z',
      ce_traceparent: '00-a-b-01',
    });
    expect(decodeEvent('clockTicked', encoded.headers['ce_type'], encoded.data)).toEqual(TICK);
  });
});
