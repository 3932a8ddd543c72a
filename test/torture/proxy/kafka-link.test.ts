// The name of a link to Kafka, from the bytes that a client sends first.
import { describe, expect, it } from 'vitest';
import { nameOfKafkaClient } from './kafka-link.ts';

const API_VERSIONS = 18;

function request(clientId: string | null, version = 2, sizeOff = 0): Buffer {
  const id = Buffer.from(clientId ?? '');
  const bytes = Buffer.alloc(14 + id.length);
  bytes.writeInt32BE(bytes.length - 4 + sizeOff, 0);
  bytes.writeInt16BE(API_VERSIONS, 4);
  bytes.writeInt16BE(version, 6);
  bytes.writeInt32BE(7, 8);
  bytes.writeInt16BE(clientId === null ? -1 : id.length, 12);
  id.copy(bytes, 14);
  return bytes;
}

describe('the name of a Kafka connection', () => {
  it.each(['orders', 'bourse-engine-0', 'bourse-emulator-bus-settlement', 'börse'])(
    'is its client id: %s',
    (clientId) => {
      expect(nameOfKafkaClient(request(clientId))).toBe(clientId);
      const more = Buffer.concat([request(clientId, 3, 5), Buffer.alloc(5)]);
      expect(nameOfKafkaClient(more)).toBe(clientId);
    },
  );

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['no client id', request(null)],
    ['an empty client id', request('')],
    ['an id longer than its request', request('orders', 2, -3)],
    ['a negative size', request('orders', 2, -1_000)],
    ['a version that no API has', request('orders', 20_000)],
    ['a negative version', request('orders', -1)],
    ['text', Buffer.from('GET /v1/orders HTTP/1.1\r\nhost: exchange\r\n\r\n')],
    ['the start of TLS', Buffer.from('16030100c8010000c40303000102030405', 'hex')],
    ['zeros', Buffer.alloc(64)],
  ])('is not there for %s', (_what, bytes) => {
    expect(nameOfKafkaClient(bytes)).toBeNull();
  });

  it('is not guessed from a part of it', () => {
    const whole = request('orders');
    for (let length = 0; length < whole.length; length += 1) {
      expect(nameOfKafkaClient(whole.subarray(0, length))).toBeNull();
    }
  });
});
