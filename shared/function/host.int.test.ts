// The host on real sockets: every trap of the functions framework 5.0.5, by name.
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readAuthConfig } from '../config/function-config.ts';
import { silentLogger } from '../telemetry/logger.ts';
import { createAuthenticate } from './auth/auth.ts';
import { hostFunction, type HostedFunction, type HostOptions } from './host.ts';
import { DISCARD_BYTES_MAX } from './server/read-node-body.ts';
import { HEADERS_TIMEOUT_MS, KEEP_ALIVE_TIMEOUT_MS } from './server/tune-server.ts';
import { codeOf, keepAliveAgent, send, sendBytes } from './testing/raw-http.ts';
import {
  SAMPLE_BODY_BYTES_MAX,
  SAMPLE_EXECUTIONS,
  sampleDeps,
  sampleFunction,
  type SampleDeps,
} from './testing/sample.ts';

const ENVIRONMENT = {
  AUTH_JWKS_URL: 'http://127.0.0.1:9/jwks.json',
  AUTH_ISSUER: 'https://issuer.test',
  AUTH_AUDIENCE: 'bourse',
};

const open: HostedFunction[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((hosted) => hosted.stop(1_000)));
});

async function host(deps: SampleDeps = sampleDeps(), more: Partial<HostOptions> = {}) {
  const log = silentLogger();
  const hosted = await hostFunction(sampleFunction(deps), {
    log,
    port: 0,
    hostname: '127.0.0.1',
    environment: ENVIRONMENT,
    // Only tokens: no database stands behind these tests.
    ...(more.environment === undefined
      ? { authenticate: createAuthenticate({ ...readAuthConfig(ENVIRONMENT), log }) }
      : {}),
    ...more,
  });
  open.push(hosted);
  return hosted;
}

/** Deps whose /v1/held waits until `release`; `reached` resolves when a request is there. */
function heldDeps() {
  const deps = sampleDeps();
  let release: () => void = () => undefined;
  deps.held = new Promise((resolve) => (release = resolve));
  const reached = new Promise<void>((resolve) => (deps.onHeld = resolve));
  return { deps, release: () => release(), reached };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const NOTE = { method: 'POST', path: '/v1/notes', headers: JSON_TYPE };

describe('an answer', () => {
  it('is told with its length, not in chunks', async () => {
    const { port } = await host();
    const ends = 'connection: close\r\n\r\n';
    const found = await sendBytes(port, `GET /v1/nothing HTTP/1.1\r\nhost: ä\r\n${ends}`);
    const [head = '', body = ''] = found.split('\r\n\r\n');
    expect(head.toLowerCase()).toContain(`\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`);
    expect(body).toContain('ROUTE_NOT_FOUND');
    expect(head.toLowerCase()).not.toContain('transfer-encoding');
  });
});

describe('trap: the framework takes bodies of 1 GB', () => {
  it('413 by Content-Length, before a byte of it is read', async () => {
    const { port } = await host();
    const text = await sendBytes(
      port,
      `POST /v1/notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n` +
        `content-length: 1000000000\r\nconnection: close\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toContain('BODY_TOO_LARGE');
  });

  it('413 by size while it streams, when no length is told', async () => {
    const { port } = await host();
    const headers = { ...JSON_TYPE, 'transfer-encoding': 'chunked' };
    const body = Buffer.alloc(SAMPLE_BODY_BYTES_MAX * 20, 'x');
    const answer = await send(port, { ...NOTE, headers }, body);
    expect(answer.status).toBe(413);
  });

  it('413 for a chunked body on a route that needs a caller, without reading it: 401 first', async () => {
    const { port } = await host();
    const headers = { 'transfer-encoding': 'chunked' };
    const answer = await send(
      port,
      { method: 'GET', path: '/v1/me', headers },
      Buffer.alloc(9_999),
    );
    expect(answer.status).toBe(401);
  });

  it('leaves the connection usable after a refused body', async () => {
    const { port } = await host();
    const agent = keepAliveAgent();
    const refused = await send(port, { ...NOTE, agent }, Buffer.alloc(50_000, 'x'));
    const taken = await send(port, { ...NOTE, agent }, '{"text":"a"}');
    expect([refused.status, taken.status]).toEqual([413, 201]);
    agent.destroy();
  });

  it('hangs up on a body that goes on and on after its refusal', async () => {
    const { port } = await host();
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'POST /v1/notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n' +
        'content-length: 1000000000\r\n\r\n',
    );
    let sent = 0;
    const chunk = Buffer.alloc(65_536, 'x');
    const closed = new Promise<void>((resolve) => {
      socket.on('error', () => resolve());
      socket.on('close', () => resolve());
    });
    const pump = (): void => {
      while (!socket.destroyed && sent < 100 * DISCARD_BYTES_MAX && socket.write(chunk)) {
        sent += chunk.length;
      }
    };
    socket.on('drain', pump).on('data', () => undefined);
    pump();
    await closed;
    expect(sent).toBeLessThan(100 * DISCARD_BYTES_MAX);
  });

  it('asks for a body only when it will be taken (Expect: 100-continue)', async () => {
    const { port } = await host();
    const head = (length: number) =>
      `POST /v1/notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n` +
      `expect: 100-continue\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n`;
    expect(await sendBytes(port, head(1_000_000))).toMatch(/^HTTP\/1\.1 413 /);
    const taken = await sendBytes(port, `${head(12)}{"text":"a"}`);
    expect(taken).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
  });
});

describe('trap: the framework answers in HTML, and with stacks', () => {
  it.each([
    ['malformed JSON', 400, JSON_TYPE, '{"text":'],
    ['a top-level primitive', 400, JSON_TYPE, '1'],
    ['another charset', 415, { 'content-type': 'application/json; charset=utf-16' }, '{}'],
    ['another type', 415, { 'content-type': 'text/html' }, '<p>'],
    ['a form', 415, { 'content-type': 'application/x-www-form-urlencoded' }, 'text=a'],
  ])('a problem document for %s', async (_name, status, headers, body) => {
    const { port } = await host();
    const answer = await send(port, { ...NOTE, headers }, body);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.text).not.toMatch(/<html|\.ts:|node_modules/i);
  });

  it('a problem document for paths that the framework keeps for itself', async () => {
    const { port } = await host();
    for (const path of ['/favicon.ico', '/robots.txt', '/']) {
      expect(codeOf(await send(port, { path }))).toBe('ROUTE_NOT_FOUND');
    }
  });

  it('a plain status for what is no HTTP, and for endless headers', async () => {
    const { port } = await host();
    expect(await sendBytes(port, 'HELLO\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    const endless = `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`;
    expect(await sendBytes(port, endless)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('trap: every error of an event is a 500, which is delivered again', () => {
  const EVENT = {
    method: 'POST',
    path: '/events',
    headers: {
      ...JSON_TYPE,
      'ce-specversion': '1.0',
      'ce-type': 'dev.bourse.exchange.engine.executed.v1',
      'ce-id': '1',
      'ce-source': '/engine',
    },
  };

  it('204 for an event without Content-Type', async () => {
    const deps = sampleDeps();
    const { port } = await host(deps);
    const headers: Record<string, string> = { ...EVENT.headers };
    delete headers['content-type'];
    const answer = await send(port, { ...EVENT, headers }, JSON.stringify(SAMPLE_EXECUTIONS));
    expect(answer.status).toBe(204);
    expect(deps.events).toHaveLength(1);
  });

  it('400 for data that will never fit', async () => {
    const { port } = await host();
    const answer = await send(port, EVENT, '{"market":1}');
    expect([answer.status, codeOf(answer)]).toEqual([400, 'EVENT_INVALID']);
  });
});

describe('trap: keep-alive of five seconds', () => {
  it('keeps connections longer than any load balancer in front', async () => {
    const { server } = await host();
    expect(server.keepAliveTimeout).toBe(KEEP_ALIVE_TIMEOUT_MS);
    expect(server.keepAliveTimeout).toBeGreaterThan(600_000);
    expect(server.headersTimeout).toBe(HEADERS_TIMEOUT_MS);
    expect(server.headersTimeout).toBeGreaterThan(server.keepAliveTimeout);
    expect(server.requestTimeout).toBeGreaterThan(0);
  });

  it('gives up on a body that comes too slowly', async () => {
    const { port } = await host(sampleDeps(), { bodyTimeoutMs: 20 });
    const text = await sendBytes(
      port,
      'POST /v1/notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n' +
        'connection: close\r\ncontent-length: 100\r\n\r\n{"te',
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('too slowly');
  });
});

describe('trap: upgrades are answered 200', () => {
  it('400 for a WebSocket', async () => {
    const { port } = await host();
    const text = await sendBytes(
      port,
      'GET /v1/notes/a HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n' +
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('HEADER_INVALID');
  });

  it('ignores the h2c that some clients offer with a first request', async () => {
    const { port } = await host();
    const headers = { connection: 'upgrade, http2-settings', upgrade: 'h2c' };
    expect((await send(port, { path: '/v1/notes/a', headers })).status).toBe(200);
  });
});

describe('trap: SIGTERM cuts requests in flight', () => {
  it('drains: in-flight requests end, idle connections close, readiness is false at once', async () => {
    const { deps, release, reached } = heldDeps();
    const hosted = await host(deps);
    const idle = keepAliveAgent();
    const busy = keepAliveAgent();
    expect((await send(hosted.port, { path: '/readyz', agent: idle })).status).toBe(200);
    const inFlight = send(hosted.port, { method: 'POST', path: '/v1/held', agent: busy });
    await reached;

    const stopped = hosted.stop();
    await expect(send(hosted.port, { path: '/v1/notes/a' })).rejects.toThrow();
    expect(deps.closed).toBe(false);

    release();
    const answer = await inFlight;
    expect(answer.status).toBe(200);
    expect(answer.headers.connection).toBe('close');
    expect(await stopped).toBe(true);
    expect(deps.closed).toBe(true);
    idle.destroy();
    busy.destroy();
  });

  it('is not ready while it drains, on a connection that is already there', async () => {
    const { deps, release, reached } = heldDeps();
    const hosted = await host(deps);
    const inFlight = send(hosted.port, { method: 'POST', path: '/v1/held' });
    await reached;
    // Half a request keeps its connection from being idle.
    const socket = connect(hosted.port, '127.0.0.1');
    const accepted = new Promise((resolve) => hosted.server.once('connection', resolve));
    socket.write('GET /readyz HTTP/1.1\r\nhost: a\r\n');
    const half = (await accepted) as Socket;
    await new Promise((resolve) => half.once('data', resolve));
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const stopped = hosted.stop();
    socket.write('\r\n');
    await closed;
    expect(received).toMatch(/^HTTP\/1\.1 503 /);
    release();
    expect((await inFlight).status).toBe(200);
    expect(await stopped).toBe(true);
  });

  it('cuts off what does not end in time, and says so', async () => {
    const { deps, release, reached } = heldDeps();
    const hosted = await host(deps);
    const inFlight = send(hosted.port, { method: 'POST', path: '/v1/held' });
    const outcome = expect(inFlight).rejects.toThrow();
    await reached;
    expect(await hosted.stop(10)).toBe(false);
    await outcome;
    release();
  });
});

describe('the host', () => {
  it('starts nothing when the environment lacks the issuer of tokens', async () => {
    await expect(host(sampleDeps(), { environment: {} })).rejects.toThrow('AUTH_JWKS_URL');
  });

  it('leaves nothing open when its port is taken', async () => {
    const { port } = await host();
    const deps = sampleDeps();
    await expect(host(deps, { port })).rejects.toThrow('EADDRINUSE');
    expect(deps.closed).toBe(true);
  });

  it('refuses what is beyond its requests in flight, but still says that it is alive', async () => {
    const { deps, release, reached } = heldDeps();
    const { port } = await host(deps, { requestsInFlightMax: 1 });
    const inFlight = send(port, { method: 'POST', path: '/v1/held' });
    await reached;
    const busy = await send(port, { path: '/v1/notes/a' });
    expect([busy.status, codeOf(busy)]).toEqual([503, 'SERVICE_BUSY']);
    expect(busy.headers['retry-after']).toBe('1');
    expect((await send(port, { path: '/healthz' })).status).toBe(200);
    release();
    expect((await inFlight).status).toBe(200);
    expect((await send(port, { path: '/v1/notes/a' })).status).toBe(200);
  });

  it('answers HEAD like GET, without the body', async () => {
    const { port } = await host();
    const [get, head] = [
      await send(port, { path: '/v1/notes/a', headers: { traceparent: 'none' } }),
      await send(port, { method: 'HEAD', path: '/v1/notes/a' }),
    ];
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });

  it('is ready when its function is', async () => {
    const deps = sampleDeps();
    const { port } = await host(deps);
    expect((await send(port, { path: '/readyz' })).status).toBe(200);
    deps.ready = false;
    expect((await send(port, { path: '/readyz' })).status).toBe(503);
    expect((await send(port, { method: 'POST', path: '/readyz' })).status).toBe(405);
  });

  it('counts by route pattern on /metrics, so that paths make no series', async () => {
    const { port } = await host();
    for (const id of ['a', 'b', 'c']) await send(port, { path: `/v1/notes/${id}` });
    await send(port, { path: '/nowhere/at/all' });
    const { text, headers } = await send(port, { path: '/metrics' });
    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(text).toContain(
      'bourse_requests_total{method="GET",route="/v1/notes/{id}",status="200"} 3',
    );
    expect(text).toContain('bourse_requests_total{method="GET",route="none",status="404"} 1');
    expect(text).not.toContain('nowhere');
  });
});
