// Redis. It keeps nothing: whatever must survive it does not belong there.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../free-port.ts';
import { createBackingServer, type BackingServer, type Engine } from './backing-server.ts';
import { getImage } from './container/images.ts';
import { launchContainer } from './container/launched-container.ts';
import { launchServer } from './launched-process.ts';
import { probe } from './probe.ts';
import { getProgram } from './requirements.ts';

export interface RedisServer extends BackingServer {
  readonly url: string;
}

export interface RedisOptions {
  readonly dir: string;
  /** Default: process. */
  readonly engine?: Engine;
  /** Of redis.conf, such as `{ maxmemory: '1mb' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Hears of what takes long: a download, an image. */
  readonly onNotice?: (text: string) => void;
}

/** Started and ready. */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  mkdirSync(options.dir, { recursive: true });
  const port = await findFreePort();
  const run = {
    title: 'Redis',
    dir: options.dir,
    logFile: join(options.dir, 'redis.log'),
    isReady: () => isRedisReady(port),
  };
  const settings = { port: String(port), save: '', appendonly: 'no', ...options.settings };
  const { engine = 'process', onNotice = () => undefined } = options;
  let launch: Parameters<typeof createBackingServer>[0]['launch'];
  if (engine === 'container') {
    const image = await getImage({ name: 'redis', onNotice });
    // Only this machine reaches the port: the engine publishes it on the loopback address.
    const args = redisArguments({ ...settings, bind: '0.0.0.0', 'protected-mode': 'no' });
    launch = () => launchContainer({ ...run, image, args, ports: [port], asCaller: true });
  } else {
    const command = getProgram('redis-server');
    const args = redisArguments({ ...settings, bind: '127.0.0.1' });
    const pidFile = join(options.dir, 'redis.pid');
    launch = () => launchServer({ ...run, command, args, pidFile });
  }
  const server = createBackingServer({ name: 'redis', engine, port, launch });
  await server.start();
  return Object.assign(server, { url: `redis://127.0.0.1:${port}` });
}

function redisArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** While it loads, it answers with an error; that it wants a password first is an answer. */
export function isRedisReady(port: number): Promise<boolean> {
  return probe(port, Buffer.from('PING\r\n'), (bytes) => /^(\+PONG|-NOAUTH)/.test(String(bytes)));
}
