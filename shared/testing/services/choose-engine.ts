// Containers or processes: a container engine that answers at once is used, unless the caller says.
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, findVariable } from '../../config/environment.ts';
import type { Engine } from './backing-server.ts';

export type EngineWish = Engine | 'auto';

/** An engine that takes longer is not one to start three servers in. */
const PING_TIMEOUT_MS = 1_500;

const WISHES: readonly EngineWish[] = ['auto', 'container', 'process'];

/** What --engine or SERVICES_ENGINE says; throws ConfigError. */
export function readEngine(text: string | undefined): EngineWish {
  const wish = WISHES.find((each) => each === (text ?? 'auto'));
  if (wish === undefined) throw new ConfigError(`the engine is one of ${WISHES.join(', ')}`);
  return wish;
}

export async function chooseEngine(wish: EngineWish): Promise<Engine> {
  if (wish !== 'auto') return wish;
  return (await isEngineThere()) ? 'container' : 'process';
}

/**
 * True when a container engine of this machine answers. One elsewhere is not asked: it could not
 * mount our folders.
 */
export async function isEngineThere(): Promise<boolean> {
  for (const socket of engineSockets().filter((each) => existsSync(each))) {
    if (await ping(socket)) return true;
  }
  return false;
}

/** Where testcontainers looks, too. */
function engineSockets(): string[] {
  const host = findVariable('DOCKER_HOST');
  if (host !== undefined) return host.startsWith('unix://') ? [host.slice('unix://'.length)] : [];
  const runtimeDir = findVariable('XDG_RUNTIME_DIR');
  return [
    '/var/run/docker.sock',
    ...(runtimeDir === undefined ? [] : [join(runtimeDir, 'docker.sock')]),
    join(homedir(), '.docker', 'run', 'docker.sock'),
    join(homedir(), '.docker', 'desktop', 'docker.sock'),
  ];
}

function ping(socketPath: string): Promise<boolean> {
  return new Promise((done) => {
    const asked = request({ socketPath, path: '/_ping', timeout: PING_TIMEOUT_MS }, (answer) => {
      answer.resume();
      done(answer.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => done(false));
    asked.once('close', () => done(false));
    asked.end();
  });
}
