// One run of a server as a container: the same promises as for a local process. Its data is a
// folder of ours, so a new container goes on where the last one ended.
import { createWriteStream, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerRuntimeClient, StartedTestContainer } from 'testcontainers';
import { identify, isRunning, parseIdentity } from '../../process-identity.ts';
import type { RunningServer } from '../backing-server.ts';

export interface ContainerOptions {
  /** For messages: `Kafka 3.9.1`. */
  readonly title: string;
  readonly image: string;
  readonly args: readonly string[];
  /** Mounted as the working folder. */
  readonly dir: string;
  readonly ports: readonly number[];
  readonly logFile: string;
  /** Runs as this program's user, so that the files are its own. */
  readonly asCaller: boolean;
  readonly isReady: () => Promise<boolean>;
}

export const CONTAINER_DIR = '/var/lib/bourse';

type Container = ReturnType<ContainerRuntimeClient['container']['getById']>;

const READY_TIMEOUT_MS = 240_000;
const READY_POLL_MS = 100;
const STOP_TIMEOUT_SECONDS = 30;
const OWNER_LABEL = 'bourse.owner';
const HOST_LABEL = 'bourse.host';

/** Resolves when the server answers; throws, naming its log, when it does not. */
export async function launchContainer(options: ContainerOptions): Promise<RunningServer> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  const client = await getContainerRuntimeClient();
  await removeOrphans(client);
  const started = await startContainer(options);
  const container = client.container.getById(started.getId());
  const exited = whenGone(container);
  if (!(await becomesReady(options, exited))) {
    await container.remove({ force: true, v: true }).catch(ignoreMissing);
    throw new Error(`${options.title} did not get ready; its log is ${options.logFile}`);
  }
  const pid = await findPid(container);
  return {
    pid: () => pid,
    exited,
    signal: async (signal) => {
      await container.kill({ signal });
    },
    stop: async () => {
      // One that was paused hears nothing but this.
      await container.kill({ signal: 'SIGCONT' });
      await container.stop({ t: STOP_TIMEOUT_SECONDS });
      await exited;
    },
  };
}

async function startContainer(options: ContainerOptions): Promise<StartedTestContainer> {
  const { LoopbackContainer } = await import('./loopback-container.ts');
  mkdirSync(options.dir, { recursive: true });
  const log = createWriteStream(options.logFile, { flags: 'a' });
  const owner = JSON.stringify(identify(process.pid));
  const container = new LoopbackContainer(options.image)
    .withLoopbackPorts(options.ports)
    .withCommand([...options.args])
    .withWorkingDir(CONTAINER_DIR)
    .withBindMounts([{ source: options.dir, target: CONTAINER_DIR }])
    .withLabels({ [OWNER_LABEL]: owner, [HOST_LABEL]: hostname() })
    .withLogConsumer((stream) => stream.pipe(log));
  const { getuid, getgid } = process;
  if (options.asCaller && getuid !== undefined && getgid !== undefined) {
    container.withUser(`${getuid()}:${getgid()}`);
  }
  return container.start();
}

/** False when it ends, or takes too long. */
async function becomesReady(options: ContainerOptions, exited: Promise<void>): Promise<boolean> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  const isGone = exited.then(() => true);
  while (!(await options.isReady())) {
    if (Date.now() > deadlineMs) return false;
    if (await Promise.race([isGone, sleep(READY_POLL_MS, false)])) return false;
  }
  return true;
}

/** Waits until it ended, then removes it: its port is free. */
async function whenGone(container: Container): Promise<void> {
  await container.wait();
  await container.remove({ force: true, v: true }).catch(ignoreMissing);
}

/** Somebody else has removed it, or is at it. */
function ignoreMissing(error: unknown): void {
  const status = (error as { readonly statusCode?: number }).statusCode;
  if (status !== 404 && status !== 409) throw error;
}

/** Elsewhere than on Linux, the engine's processes live in a virtual machine. */
async function findPid(container: Container): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const { State } = await container.inspect();
  return State.Pid;
}

/** What programs left behind that were killed with -9. */
async function removeOrphans(client: ContainerRuntimeClient): Promise<void> {
  for (const each of await client.container.list()) {
    const owner = parseIdentity(each.Labels[OWNER_LABEL] ?? '');
    // Another host of the same engine, such as a container, counts its processes by itself.
    if (each.Labels[HOST_LABEL] !== hostname() || owner === null || isRunning(owner)) continue;
    const orphan = client.container.getById(each.Id);
    await orphan.remove({ force: true, v: true }).catch(ignoreMissing);
    // Another server's start may be at it, too: its folder is free only when it is gone.
    await orphan.wait({ condition: 'removed' }).catch(ignoreMissing);
  }
}
