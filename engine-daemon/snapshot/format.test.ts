// A snapshot that was touched in any way is never taken for a good one.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSnapshotFile,
  encodeSnapshotFile,
  isSnapshotFault,
  type SnapshotFacts,
} from './format.ts';

const SHA = createHash('sha256').update('x').digest('hex');
const FACTS: SnapshotFacts = {
  shard: 3,
  inputOffset: 41,
  inputRecordSha256: SHA,
  outputOffset: 17,
  epoch: 5,
  createdAtMs: 1_700_000_000_000,
  markets: [{ market: 'BTC-USD', sequence: 9, openOrders: 2, stateHash: SHA }],
};

function payloadOf(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => (at * 31) % 256);
}

function faultOf(bytes: Buffer): string {
  const read = decodeSnapshotFile(bytes);
  return isSnapshotFault(read) ? read.fault : 'none';
}

/** Replaces the checksum by the right one for the rest of the file. */
function resign(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\n');
  const text = bytes.toString('utf8', 0, end).replace(/,"sha256":"[0-9a-f]{64}"\}$/, '}');
  const payload = bytes.subarray(end + 1);
  const sum = createHash('sha256').update(text).update('\n').update(payload).digest('hex');
  return Buffer.concat([Buffer.from(`${text.slice(0, -1)},"sha256":"${sum}"}\n`), payload]);
}

describe('a snapshot file', () => {
  const file = encodeSnapshotFile(FACTS, payloadOf(500));

  it('is refused when any single byte is changed', () => {
    for (let at = 0; at < file.length; at++) {
      for (const mask of [0x01, 0x20, 0x80]) {
        const damaged = Buffer.from(file);
        damaged.writeUInt8(damaged.readUInt8(at) ^ mask, at);
        expect(faultOf(damaged), `byte ${at} changed by ${mask}`).not.toBe('none');
      }
    }
  });

  it('is refused when it is cut anywhere', () => {
    for (let length = 0; length < file.length; length++) {
      expect(faultOf(file.subarray(0, length)), `cut at ${length}`).not.toBe('none');
    }
  });

  it('is refused when something is appended', () => {
    expect(faultOf(Buffer.concat([file, Buffer.from([0])]))).toBe('its checksum does not match');
  });

  it('is refused in another format version, even with a right checksum', () => {
    const other = Buffer.from(
      file.toString('latin1').replace('Version":2', 'Version":1'),
      'latin1',
    );
    expect(faultOf(resign(other))).toMatch(/formatVersion/);
  });

  it('is refused when it is no snapshot at all', () => {
    expect(faultOf(Buffer.alloc(0))).toBe('it has no header line');
    expect(faultOf(Buffer.from('hello\nworld'))).toBe('its header has no checksum');
  });

  it('is refused when it misses fields, even with a right checksum', () => {
    expect(faultOf(resign(Buffer.from(`{"magic":"x","sha256":"${SHA}"}\n`)))).toMatch(
      /does not fit/,
    );
  });

  it('is read back as it was written, whatever the payload', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (payload) => {
        const read = decodeSnapshotFile(encodeSnapshotFile(FACTS, payload));
        if (isSnapshotFault(read)) throw new Error(read.fault);
        expect(read.header).toMatchObject(FACTS);
        expect(Buffer.compare(read.payload, payload)).toBe(0);
      }),
      { verbose: true },
    );
  });

  it('begins with a line of JSON for tools', () => {
    const line = file.toString('utf8', 0, file.indexOf('\n'));
    expect(JSON.parse(line)).toMatchObject({ magic: 'bourse-engine-snapshot', ...FACTS });
  });
});
