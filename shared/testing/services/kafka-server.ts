// Kafka as a local process: one node that is broker and controller.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '../free-port.ts';
import { createBackingServer, type BackingServer } from './backing-server.ts';
import { getKafkaJars } from './kafka-jars.ts';
import { isKafkaReady } from './kafka-probe.ts';
import { kafkaProperties, type KafkaListener } from './kafka-properties.ts';
import { readKafkaVersion } from './kafka-version.ts';
import { launchServer } from './launched-process.ts';
import { getProgram } from './requirements.ts';

export interface KafkaServer extends BackingServer {
  readonly version: string;
  /** `host:port`, plain text, no login. */
  readonly brokers: string;
  /** Ports of the extra listeners, in the order they were asked for. */
  readonly listeners: readonly KafkaListener[];
}

export interface KafkaOptions {
  readonly dir: string;
  readonly version: string;
  /** Beside the plain one, each on a free port: `{name: 'SASL_SSL', protocol: 'SASL_SSL'}`. */
  readonly listeners?: readonly Pick<KafkaListener, 'name' | 'protocol'>[];
  /** Of server.properties; they win over ours. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Made with the cluster: `SCRAM-SHA-512=[name=alice,password=secret]`. */
  readonly scram?: readonly string[];
  readonly heapMegabytes?: number;
  readonly onNotice?: (text: string) => void;
}

const HEAP_MEGABYTES = 512;
const FORMAT_TIMEOUT_MS = 60_000;

/** Started and ready; fetches the broker first where it was never used before. */
export async function startKafka(options: KafkaOptions): Promise<KafkaServer> {
  const version = readKafkaVersion(options.version);
  const java = getProgram('java');
  const libs = await getKafkaJars(version, options.onNotice ?? (() => undefined));
  const extra = options.listeners ?? [];
  const port = await findFreePort(2 + extra.length);
  const listeners = extra.map((each, index) => ({ ...each, port: port + 2 + index }));
  const dataDir = join(options.dir, 'data');
  mkdirSync(options.dir, { recursive: true });
  const config = join(options.dir, 'server.properties');
  const text = kafkaProperties({
    port,
    controllerPort: port + 1,
    dataDir,
    bind: '127.0.0.1',
    listeners,
    properties: options.properties ?? {},
  });
  // It may hold passwords of a test's own.
  writeFileSync(config, text, { mode: 0o600 });
  const classpath = ['-cp', `${libs}/*`];
  await formatStorage(java, classpath, config, dataDir, options.scram ?? []);
  const server = createBackingServer({
    name: 'kafka',
    engine: 'process',
    port,
    launch: () =>
      launchServer({
        title: `Kafka ${version}`,
        command: java,
        args: [...javaFlags(options), ...classpath, 'kafka.Kafka', config],
        cwd: options.dir,
        logFile: join(options.dir, 'kafka.log'),
        pidFile: join(options.dir, 'kafka.pid'),
        isReady: () => isKafkaReady(port),
      }),
  });
  await server.start();
  return Object.assign(server, { version, brokers: `127.0.0.1:${port}`, listeners });
}

function javaFlags(options: KafkaOptions): string[] {
  return [
    `-Xmx${options.heapMegabytes ?? HEAP_MEGABYTES}m`,
    '-XX:+ExitOnOutOfMemoryError',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
  ];
}

/** Gives the cluster its identity. A format that was interrupted is done again. */
async function formatStorage(
  java: string,
  classpath: readonly string[],
  config: string,
  dataDir: string,
  scram: readonly string[],
): Promise<void> {
  const marker = join(dataDir, '..', 'formatted');
  if (existsSync(marker)) return;
  rmSync(dataDir, { recursive: true, force: true });
  const users = scram.flatMap((user) => ['--add-scram', user]);
  const args = ['format', '-t', clusterId(), '-c', config, ...users];
  const flags = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=error', ...classpath];
  try {
    await promisify(execFile)(java, [...flags, 'kafka.tools.StorageTool', ...args], {
      timeout: FORMAT_TIMEOUT_MS,
    });
  } catch (cause) {
    throw new Error('Kafka cannot format its data folder', { cause });
  }
  writeFileSync(marker, '');
}

/** 22 characters; Kafka's tools would take a leading dash for an option. */
function clusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
