// However a stream of responses is cut into chunks, whole ones arrive; half a one never does.
import { once } from 'node:events';
import { connect, createServer, Socket, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectToBroker, handOverWhole, wholeResponses } from './whole-responses.ts';

function frame(body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** What a socket hands over that receives these chunks. */
function handedOver(chunks: readonly Buffer[]): Buffer[] {
  const socket = handOverWhole(new Socket());
  const heard: Buffer[] = [];
  socket.on('data', (data: Buffer) => heard.push(data));
  for (const chunk of chunks) socket.emit('data', chunk);
  return heard;
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let from = 0;
  for (const size of sizes) {
    if (from >= bytes.length) break;
    chunks.push(bytes.subarray(from, from + size));
    from += size;
  }
  if (from < bytes.length) chunks.push(bytes.subarray(from));
  return chunks;
}

function isWhole(bytes: Buffer): boolean {
  let at = 0;
  while (at < bytes.length) at += 4 + bytes.readInt32BE(at);
  return at === bytes.length;
}

describe('a socket that hands over whole responses', () => {
  it('keeps what is not complete to itself', () => {
    const whole = frame(Buffer.from('whole'));
    const half = frame(Buffer.from('half of it')).subarray(0, 9);
    expect(handedOver([half])).toEqual([]);
    expect(handedOver([whole.subarray(0, 2)])).toEqual([]);
    expect(handedOver([Buffer.concat([whole, half])])).toEqual([whole]);
  });

  it('ends the connection when a length is none', async () => {
    const socket = handOverWhole(new Socket());
    const failed = once(socket, 'error');
    socket.emit('data', Buffer.from([0xff, 0xff, 0xff, 0xff, 1]));
    expect(String((await failed)[0])).toContain('no length');
  });

  it('loses and invents nothing, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 }),
        fc.nat(60),
        (bodies, sizes, missing) => {
          const frames = bodies.map((body) => frame(Buffer.from(body)));
          const all = Buffer.concat(frames);
          const sent = all.subarray(0, Math.max(0, all.length - missing));
          const heard = handedOver(cut(sent, sizes));
          expect(heard.every(isWhole)).toBe(true);
          const got = Buffer.concat(heard);
          expect(sent.subarray(0, got.length).equals(got)).toBe(true);
          // Nothing complete is held back.
          let complete = 0;
          for (const each of frames) {
            if (complete + each.length > sent.length) break;
            complete += each.length;
          }
          expect(got.length).toBe(complete);
        },
      ),
    );
  });

  it('begins anew with each connection', async () => {
    const answer = frame(Buffer.from('the answer'));
    const pieces = [answer.subarray(0, 7), answer];
    const server = createServer((socket) => socket.end(pieces.shift() ?? '')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const open = wholeResponses(({ host, port: to, onConnect }) =>
      connect({ host, port: to }, onConnect),
    );
    const heard: Buffer[] = [];
    for (const factory of [open, wholeResponses(connectToBroker)]) {
      const options = { host: '127.0.0.1', port, onConnect: () => undefined };
      const socket = factory(options as Parameters<typeof factory>[0]);
      socket.on('data', (data: Buffer) => heard.push(data));
      await once(socket, 'close');
    }
    server.close();
    expect(heard).toEqual([answer]);
  });
});
