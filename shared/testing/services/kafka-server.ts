// Kafka of one node (KRaft: broker and controller at once), as a process or in a container.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../free-port.ts';
import { createBackingServer, type BackingServer } from './backing-server.ts';
import type { Engine, RunningServer } from './backing-server.ts';
import { getImage } from './container/images.ts';
import { CONTAINER_DIR, launchContainer } from './container/launched-container.ts';
import { getKafkaJars } from './kafka-jars.ts';
import { isKafkaReady } from './kafka-probe.ts';
import { formatStorage, javaFlags } from './kafka-process.ts';
import { kafkaProperties, type KafkaListener } from './kafka-properties.ts';
import { readKafkaVersion } from './kafka-version.ts';
import { launchServer } from './launched-process.ts';
import { getProgram } from './requirements.ts';

export interface KafkaServer extends BackingServer {
  readonly version: string;
  /** `host:port`, plain text, no login. */
  readonly brokers: string;
  /** The extra listeners with their ports, in the order they were asked for. */
  readonly listeners: readonly KafkaListener[];
}

export interface KafkaOptions {
  readonly dir: string;
  /** Default: process. */
  readonly engine?: Engine;
  readonly version: string;
  /** Beside the plain one, each on a free port: `{name: 'SASL_SSL', protocol: 'SASL_SSL'}`. */
  readonly listeners?: readonly Omit<KafkaListener, 'port'>[];
  /** Of server.properties; they win over ours. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Users made with the cluster: `SCRAM-SHA-512=[name=alice,password=secret]`. */
  readonly scram?: readonly string[];
  readonly heapMegabytes?: number;
  /** Has a minute of load before it matters how fast it is. Of a local process only. */
  readonly isWarmedUp?: boolean;
  /** Hears of what takes long: a download, an image. */
  readonly onNotice?: (text: string) => void;
}

const HEAP_MEGABYTES = 512;
const ignore = (): void => undefined;

interface Plan {
  readonly title: string;
  readonly dir: string;
  readonly logFile: string;
  readonly isReady: () => Promise<boolean>;
  readonly port: number;
  readonly listeners: readonly KafkaListener[];
  readonly format: { readonly clusterId: string; readonly users: readonly string[] };
  readonly heapMegabytes: number;
}

/** Started and ready; fetches the broker first where it was never used before. */
export async function startKafka(options: KafkaOptions): Promise<KafkaServer> {
  const version = readKafkaVersion(options.version);
  const extra = options.listeners ?? [];
  const port = await findFreePort(2 + extra.length);
  const plan: Plan = {
    title: `Kafka ${version}`,
    dir: options.dir,
    logFile: join(options.dir, 'kafka.log'),
    isReady: () => isKafkaReady(port),
    port,
    listeners: extra.map((each, index) => ({ ...each, port: port + 2 + index })),
    format: {
      clusterId: makeClusterId(),
      users: (options.scram ?? []).flatMap((user) => ['--add-scram', user]),
    },
    heapMegabytes: options.heapMegabytes ?? HEAP_MEGABYTES,
  };
  mkdirSync(options.dir, { recursive: true });
  const { engine = 'process' } = options;
  const prepare = engine === 'container' ? prepareContainer : prepareProcess;
  const launch = await prepare(plan, { ...options, version });
  const server = createBackingServer({ name: 'kafka', engine, port, launch });
  await server.start();
  const { listeners } = plan;
  return Object.assign(server, { version, brokers: `127.0.0.1:${port}`, listeners });
}

type Launch = () => Promise<RunningServer>;

async function prepareProcess(plan: Plan, options: KafkaOptions): Promise<Launch> {
  const command = getProgram('java');
  const libs = await getKafkaJars(options.version, options.onNotice ?? ignore);
  const config = writeProperties(plan, options, { bind: '127.0.0.1', dir: plan.dir });
  const classpath = ['-cp', `${libs}/*`];
  await formatStorage({ ...plan.format, java: command, classpath, config, dir: plan.dir });
  const args = [
    ...javaFlags(plan.heapMegabytes, options.isWarmedUp === true),
    ...classpath,
    'kafka.Kafka',
    config,
  ];
  const pidFile = join(plan.dir, 'kafka.pid');
  return () => launchServer({ ...plan, command, args, pidFile });
}

async function prepareContainer(plan: Plan, options: KafkaOptions): Promise<Launch> {
  const { version: kafkaVersion, onNotice = ignore } = options;
  const image = await getImage({ name: 'kafka', kafkaVersion, onNotice });
  writeProperties(plan, options, { bind: '0.0.0.0', dir: CONTAINER_DIR });
  const { clusterId, users } = plan.format;
  const args = [clusterId, String(plan.heapMegabytes), ...users];
  const ports = [plan.port, ...plan.listeners.map((each) => each.port)];
  return () => launchContainer({ ...plan, image, args, ports, asCaller: true });
}

function writeProperties(
  plan: Plan,
  options: KafkaOptions,
  where: { readonly bind: string; readonly dir: string },
): string {
  const config = join(plan.dir, 'server.properties');
  const text = kafkaProperties({
    port: plan.port,
    controllerPort: plan.port + 1,
    dataDir: join(where.dir, 'data'),
    bind: where.bind,
    listeners: plan.listeners,
    properties: options.properties ?? {},
  });
  // It may hold the passwords of a test.
  writeFileSync(config, text, { mode: 0o600 });
  return config;
}

/** 22 characters; Kafka's tools would take a leading dash for an option. */
function makeClusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
