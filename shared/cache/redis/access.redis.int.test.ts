// A Redis that wants a password and speaks TLS: who is let in, and what is told about it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RetryableError } from '../../domain/failure.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { findFreePort } from '../../testing/free-port.ts';
import { startRedis, type RedisServer } from '../../testing/services/redis-server.ts';
import { eventually, hear } from '../contract/harness.ts';
import { openCache } from '../open-cache.ts';

const PASSWORD = 'only-for/tests';

let dir: string;
let server: RedisServer;
let tlsPort: number;
let ca: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bourse-cache-'));
  const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'certificate.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ],
    { stdio: 'pipe' },
  );
  ca = readFileSync(certificate, 'utf8');
  tlsPort = await findFreePort();
  server = await startRedis({
    dir,
    settings: {
      requirepass: PASSWORD,
      'tls-port': String(tlsPort),
      'tls-cert-file': certificate,
      'tls-key-file': key,
      'tls-ca-cert-file': certificate,
      'tls-auth-clients': 'no',
    },
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

function open(url: string, trusted?: string) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ service: 'test', level: 'debug', destination });
  return { cache: openCache({ url, applicationName: 'access', log, ca: trusted }), lines };
}

describe('a Redis with a password', () => {
  it.each([
    ['none', () => server.url],
    ['a wrong one', () => `redis://:wrong-word@127.0.0.1:${server.port}`],
    ['an unknown user', () => `redis://nobody:wrong-word@127.0.0.1:${server.port}`],
  ])('refuses %s, which is an outage and no secret', async (_name, urlOf) => {
    const { cache, lines } = open(urlOf());
    await expect(cache.get('a')).rejects.toBeInstanceOf(RetryableError);
    await expect(cache.subscribe({ channel: 'a', onMessage: () => undefined })).rejects.toThrow(
      RetryableError,
    );
    await eventually(() => expect(lines.length).toBeGreaterThan(0));
    expect(lines.join('')).not.toContain('wrong-word');
    await cache.close();
  });

  it('lets in who has it', async () => {
    const { cache } = open(
      `redis://default:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}/2`,
    );
    expect(await cache.count('visits', 1, 60_000)).toMatchObject({ count: 1 });
    await cache.close();
  });
});

describe('a Redis that speaks TLS', () => {
  it('is not trusted without its certificate', async () => {
    const url = `rediss://:${encodeURIComponent(PASSWORD)}@localhost:${tlsPort}`;
    const { cache } = open(url);
    await expect(cache.get('a')).rejects.toBeInstanceOf(RetryableError);
    await cache.close();
  });

  it.each(['localhost', '127.0.0.1'])('is talked and listened to as %s', async (host) => {
    const url = `rediss://:${encodeURIComponent(PASSWORD)}@${host}:${tlsPort}`;
    const { cache, lines } = open(url, ca);
    const heard = await hear(cache, 'secret');
    await cache.publish([{ channel: 'secret', text: 'x' }]);
    await eventually(() => expect(heard.texts).toEqual(['x']));
    await cache.close();
    expect(lines).toEqual([]);
  });
});
