// A connection without answers is given up; one with answers, or that nobody asks, is not.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { closeWhenSilent } from './close-when-silent.ts';
import { connectToBroker } from './whole-responses.ts';

const SILENCE_MS = 150;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function connectTo(onConnection: (socket: Socket) => void): Promise<Socket> {
  const server = createServer(onConnection).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const factory = closeWhenSilent(connectToBroker, SILENCE_MS);
  const options = { host: '127.0.0.1', port, onConnect: () => undefined };
  const socket = factory(options as Parameters<typeof factory>[0]);
  await once(socket, 'connect');
  return socket;
}

describe('a connection that is watched for silence', () => {
  it('fails when what was sent has no answer, however often it is sent again', async () => {
    const socket = await connectTo((other) => other.resume());
    const failed = once(socket, 'error');
    const again = setInterval(() => socket.write('again'), SILENCE_MS / 3);
    socket.write('a question');
    try {
      expect(String((await failed)[0])).toContain('nothing was answered');
    } finally {
      clearInterval(again);
    }
    expect(socket.destroyed).toBe(true);
  });

  it('stays while each question has its answer, and while nobody asks', async () => {
    const socket = await connectTo((other) => other.on('data', (data) => other.write(data)));
    for (let asked = 0; asked < 3; asked++) {
      socket.write('a question');
      await once(socket, 'data');
      await sleep(SILENCE_MS / 2);
    }
    await sleep(SILENCE_MS * 2);
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });
});
