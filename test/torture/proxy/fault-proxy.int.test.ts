// Each toxic does what its name says, in its direction alone, and is gone when it is removed.
import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../pause.ts';
import { FaultProxy } from './fault-proxy.ts';
import { nameOfPostgresClient } from './postgres-link.ts';

const LINK = 'alice';
const WAIT_MS = 10_000;
/** Long enough for a local round trip on a busy machine to have happened if it could. */
const SILENCE_MS = 300;

let server: Server;
let proxy: FaultProxy;
/** The server's ends of the connections. */
let accepted: Peer[];
let clients: Peer[];

/** One end of a connection, and all that it has heard. */
class Peer {
  readonly socket: Socket;
  text = '';
  pieces = 0;
  isEnded = false;
  isReset = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString();
      this.pieces += 1;
    });
    socket.on('end', () => (this.isEnded = true));
    socket.on('error', () => (this.isReset = true));
  }

  hears(text: string): Promise<boolean> {
    return waitUntil(() => this.text.endsWith(text), WAIT_MS, 5);
  }

  isGone(): Promise<boolean> {
    return waitUntil(() => this.isEnded || this.isReset, WAIT_MS, 5);
  }
}

beforeEach(async () => {
  accepted = [];
  clients = [];
  server = createServer({ allowHalfOpen: true }, (socket) => accepted.push(new Peer(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  proxy = await FaultProxy.open({
    targetPort: address.port,
    // The first line names the link.
    nameOf: (first) => first.toString().split('\n')[0] ?? null,
  });
});

afterEach(async () => {
  for (const peer of [...clients, ...accepted]) peer.socket.destroy();
  await proxy.close();
  server.close();
});

async function open(link: string = LINK): Promise<{ client: Peer; far: Peer }> {
  const before = accepted.length;
  const client = new Peer(connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }));
  clients.push(client);
  client.socket.write(`${link}\n`);
  await waitUntil(() => accepted[before]?.text.endsWith('\n') === true, WAIT_MS, 5);
  const far = accepted[before];
  if (far === undefined) throw new Error('the proxy has not connected');
  return { client, far };
}

function silence(): Promise<void> {
  return new Promise((done) => setTimeout(done, SILENCE_MS));
}

async function heardAfterMs(send: Peer, receive: Peer, text: string): Promise<number> {
  const startedMs = performance.now();
  send.socket.write(text);
  expect(await receive.hears(text)).toBe(true);
  return performance.now() - startedMs;
}

describe('without a toxic', () => {
  it('passes bytes in both directions, and an end as an end', async () => {
    const { client, far } = await open();
    await heardAfterMs(client, far, 'hello');
    await heardAfterMs(far, client, 'good day');
    client.socket.end('bye');
    expect(await far.hears('bye')).toBe(true);
    expect(await far.isGone()).toBe(true);
    expect(far.isReset).toBe(false);
    // Half-closed: the other direction is still open.
    await heardAfterMs(far, client, 'one more word');
  });

  it('passes a reset as a reset', async () => {
    const { client, far } = await open();
    client.socket.resetAndDestroy();
    expect(await waitUntil(() => far.isReset, WAIT_MS)).toBe(true);
  });
});

describe('latency', () => {
  it('delays one direction and leaves the other and other links alone', async () => {
    const { client, far } = await open();
    const other = await open('bob');
    proxy.add(LINK, 'up', { kind: 'latency', ms: 400, jitterMs: 50 });
    expect(await heardAfterMs(client, far, 'late')).toBeGreaterThanOrEqual(395);
    other.client.socket.write('prompt');
    client.socket.write('x');
    expect(await other.far.hears('prompt')).toBe(true);
    expect(far.text.endsWith('x')).toBe(false);
    far.socket.write('reply');
    expect(await client.hears('reply')).toBe(true);
    expect(far.text.endsWith('x')).toBe(false);
  });

  it('keeps the order of what it delays', async () => {
    const { client, far } = await open();
    proxy.add(LINK, 'up', { kind: 'latency', ms: 5, jitterMs: 40 });
    for (let at = 0; at < 20; at += 1) {
      client.socket.write(`${at},`);
      await new Promise((done) => setTimeout(done, 2));
    }
    const whole = Array.from({ length: 20 }, (_, at) => `${at},`).join('');
    expect(await far.hears(whole)).toBe(true);
  });
});

describe('down', () => {
  it('ends what is connected and whoever connects, until it is over', async () => {
    const { client } = await open();
    proxy.add(LINK, 'up', { kind: 'down' });
    expect(await client.isGone()).toBe(true);
    const late = new Peer(connect(proxy.port, '127.0.0.1'));
    clients.push(late);
    late.socket.write(`${LINK}\n`);
    expect(await late.isGone()).toBe(true);
    proxy.remove(LINK, 'up');
    const again = await open();
    await heardAfterMs(again.client, again.far, 'back');
  });
});

describe('a black hole', () => {
  it('swallows one direction without telling, and resets when it heals', async () => {
    const { client, far } = await open();
    proxy.add(LINK, 'down', { kind: 'black_hole', heals: true });
    far.socket.write('lost');
    await heardAfterMs(client, far, 'upwards it goes on');
    await silence();
    expect(client.text).toBe('');
    expect(client.isEnded || client.isReset).toBe(false);
    proxy.remove(LINK, 'down');
    // Going on without what was lost would be a lie.
    expect(await client.isGone()).toBe(true);
    const again = await open();
    await heardAfterMs(again.far, again.client, 'healed');
  });

  it('that never heals leaves old connections deaf and serves new ones', async () => {
    const { client, far } = await open();
    proxy.add(LINK, 'down', { kind: 'black_hole', heals: false });
    far.socket.write('lost');
    await silence();
    proxy.remove(LINK, 'down');
    far.socket.write('lost as well');
    const again = await open();
    await heardAfterMs(again.far, again.client, 'new');
    await silence();
    expect(client.text).toBe('');
    expect(client.isEnded || client.isReset).toBe(false);
  });
});

describe('reset_peer', () => {
  it('ends both sides with a reset', async () => {
    const { client, far } = await open();
    proxy.add(LINK, 'up', { kind: 'reset_peer', afterMs: 1 });
    expect(await waitUntil(() => client.isReset && far.isReset, WAIT_MS)).toBe(true);
  });
});

describe('the slicer', () => {
  it('cuts a message into pieces and loses none of them', async () => {
    const { client, far } = await open();
    proxy.add(LINK, 'up', { kind: 'slicer', bytes: 3, delayMs: 5 });
    const before = far.pieces;
    await heardAfterMs(client, far, 'a message of some length');
    // Eight pieces are sent; the kernel may join some of them.
    expect(far.pieces - before).toBeGreaterThan(2);
  });
});

describe('limit_data', () => {
  it('lets so many bytes through and then ends the connection', async () => {
    const { client, far } = await open();
    proxy.add(LINK, 'up', { kind: 'limit_data', bytes: 5 });
    client.socket.write('abcdefgh');
    expect(await waitUntil(() => client.isReset, WAIT_MS)).toBe(true);
    expect(await far.isGone()).toBe(true);
    expect(['', 'abcde']).toContain(far.text.replace(`${LINK}\n`, ''));
  });
});

describe('bandwidth', () => {
  it('takes the time that the bytes need', async () => {
    const { client, far } = await open();
    proxy.add(LINK, 'up', { kind: 'bandwidth', bytesPerSecond: 10_000 });
    expect(await heardAfterMs(client, far, `${'x'.repeat(3_000)}end`)).toBeGreaterThanOrEqual(290);
  });
});

describe('slow_close', () => {
  it('tells the other side of an end only later', async () => {
    const { client, far } = await open();
    proxy.add(LINK, 'up', { kind: 'slow_close', delayMs: 400 });
    const startedMs = performance.now();
    client.socket.end('last');
    expect(await far.hears('last')).toBe(true);
    expect(await far.isGone()).toBe(true);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(395);
  });
});

describe('half_open', () => {
  it('takes one side away and leaves the other in its belief, until it is over', async () => {
    const { client, far } = await open();
    proxy.add(LINK, 'up', { kind: 'half_open' });
    expect(await waitUntil(() => far.isReset, WAIT_MS)).toBe(true);
    client.socket.write('is anybody there?');
    await silence();
    expect(client.isEnded || client.isReset).toBe(false);
    proxy.remove(LINK, 'up');
    expect(await client.isGone()).toBe(true);
  });
});

describe('the name of a Postgres connection', () => {
  it('is its user, and nothing else has one', () => {
    const body = Buffer.from('\0\x03\0\0user\0bourse_orders\0database\0bourse\0\0', 'binary');
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    expect(nameOfPostgresClient(Buffer.concat([length, body]))).toBe('bourse_orders');
    const cancel = Buffer.from('00000010 04d2162e 00000001 00000002'.replaceAll(' ', ''), 'hex');
    expect(nameOfPostgresClient(cancel)).toBeNull();
    expect(nameOfPostgresClient(Buffer.from('GET / HTTP/1.1'))).toBeNull();
  });
});
