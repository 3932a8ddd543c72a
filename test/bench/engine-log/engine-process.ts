// A real engine process, bundled as production has it, and what it says of itself.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bundler } from '../../../knative/emulator/build/bundle.ts';
import type { Rig } from './rig.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** No snapshot may shorten what is measured. */
const NEVER = '999999999';

/** Bundles the engine below `dir`; answers the script. */
export async function bundleEngine(dir: string): Promise<string> {
  const bundler = await Bundler.open(ROOT, 'engine-daemon/main.ts', 'engine', join(dir, 'build'));
  const { script } = await bundler.build();
  await bundler.dispose();
  return script;
}

export function startEngine(rig: Rig, shard: number, script: string): ChildProcess {
  return spawn(process.execPath, ['--enable-source-maps', script], {
    env: {
      ENGINE_SHARD: String(shard),
      ENGINE_NAME: 'bench',
      ENGINE_SNAPSHOT_DIR: rig.snapshotDir,
      ENGINE_SNAPSHOT_EVERY_COMMANDS: NEVER,
      ENGINE_SNAPSHOT_EVERY_MS: '86400000',
      BUS_URL: rig.busUrl,
      DATABASE_URL: rig.databaseUrl,
      BIND_ADDRESS: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** Resolves with the port. */
export async function untilReady(engine: ChildProcess): Promise<number> {
  const ended = once(engine, 'exit').then(([code]) => {
    throw new Error(`the engine ended with ${String(code)}`);
  });
  const [message] = (await Promise.race([once(engine, 'message'), ended])) as [{ port: number }];
  return message.port;
}

/** One figure without labels of the engine's `/metrics`. */
export async function readMetric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name} ([0-9.]+)$`, 'm').exec(text)?.[1]);
}
