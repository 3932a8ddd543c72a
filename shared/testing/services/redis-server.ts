// Redis as a local process. It keeps nothing: whatever must survive it does not belong there.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../free-port.ts';
import { createBackingServer, type BackingServer } from './backing-server.ts';
import { launchServer } from './launched-process.ts';
import { probe } from './probe.ts';
import { getProgram } from './requirements.ts';

export interface RedisServer extends BackingServer {
  readonly url: string;
}

export interface RedisOptions {
  readonly dir: string;
  /** Extra settings of redis.conf, such as `{ maxmemory: '1mb' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Started and ready. */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const command = getProgram('redis-server');
  mkdirSync(options.dir, { recursive: true });
  const port = await findFreePort();
  const server = createBackingServer({
    name: 'redis',
    engine: 'process',
    port,
    launch: () =>
      launchServer({
        title: 'Redis',
        command,
        args: redisArguments(port, { bind: '127.0.0.1', dir: options.dir, ...options.settings }),
        cwd: options.dir,
        logFile: join(options.dir, 'redis.log'),
        pidFile: join(options.dir, 'redis.pid'),
        isReady: () => isRedisReady(port),
      }),
  });
  await server.start();
  return Object.assign(server, { url: `redis://127.0.0.1:${port}` });
}

export function redisArguments(port: number, settings: Readonly<Record<string, string>>): string[] {
  const all = { port: String(port), save: '', appendonly: 'no', ...settings };
  return Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
}

/** While it loads, or wants a password first, it answers with an error, which is an answer. */
export function isRedisReady(port: number): Promise<boolean> {
  return probe(port, Buffer.from('PING\r\n'), (bytes) => /^(\+PONG|-NOAUTH)/.test(String(bytes)));
}
