// The servers beside Postgres that an exchange may run with: Kafka as its event log, Redis for the
// market feed. Killed, stalled and emptied like everything else.
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { BackingServer } from '../../../shared/testing/services/backing-server.ts';
import type { KafkaServer } from '../../../shared/testing/services/kafka-server.ts';
import { findFreePort } from '../../../shared/testing/free-port.ts';
import { startServices } from '../../../shared/testing/services/start-services.ts';
import { pause } from '../pause.ts';
import { FaultProxy } from '../proxy/fault-proxy.ts';
import { nameOfKafkaClient } from '../proxy/kafka-link.ts';

export const BESIDE = ['kafka', 'redis'] as const;
export type BesideName = (typeof BESIDE)[number];

type Servers = readonly BackingServer[];

const FLUSH_TIMEOUT_MS = 5_000;
const RESTARTS_MAX = 20;
const RESTART_PAUSE_MS = 500;

export class Beside {
  /** Of `npm run dev`. */
  readonly flags: readonly string[];
  /** Past the proxy, for the auditor. Null: the event log is in Postgres. */
  readonly brokers: string | null;
  /** Between Kafka and all of the exchange; null as `brokers`. */
  readonly kafkaProxy: FaultProxy | null;
  readonly #servers: Servers;

  private constructor(parts: Pick<Beside, 'flags' | 'brokers' | 'kafkaProxy'>, servers: Servers) {
    this.flags = parts.flags;
    this.brokers = parts.brokers;
    this.kafkaProxy = parts.kafkaProxy;
    this.#servers = servers;
  }

  static async open(names: readonly BesideName[], dir: string): Promise<Beside> {
    if (names.length === 0) return new Beside({ flags: [], brokers: null, kafkaProxy: null }, []);
    const proxyPort = await findFreePort();
    const services = await startServices(names, {
      dataDir: join(dir, 'services'),
      kafka: {
        listeners: [{ name: 'PROXIED', protocol: 'PLAINTEXT', advertisedPort: proxyPort }],
      },
    });
    const flags: string[] = [];
    const kafka = names.includes('kafka') ? services.kafka : null;
    const kafkaProxy = kafka === null ? null : await openProxy(kafka, proxyPort);
    if (kafka !== null) flags.push('--kafka', `127.0.0.1:${proxyPort}`);
    if (names.includes('redis')) flags.push('--redis', services.redis.url);
    return new Beside({ flags, brokers: kafka?.brokers ?? null, kafkaProxy }, services.all);
  }

  has(name: BesideName): boolean {
    return this.#servers.some((server) => server.name === name);
  }

  /** False when there was nothing to kill. */
  async kill(name: BesideName): Promise<boolean> {
    const server = this.#servers.find((each) => each.name === name);
    if (server?.isRunning() !== true) return false;
    await server.kill();
    return true;
  }

  /** Answers how many. */
  async killAll(): Promise<number> {
    const killed = await Promise.all(BESIDE.map((name) => this.kill(name)));
    return killed.filter(Boolean).length;
  }

  /** All that do not run; a start that fails is tried again. */
  async startAll(): Promise<void> {
    await Promise.all(this.#servers.map((server) => startAgain(server)));
  }

  /** FLUSHALL: everything that Redis had is gone. */
  async flushRedis(): Promise<boolean> {
    const server = this.#servers.find((each) => each.name === 'redis');
    if (server === undefined) return false;
    const socket = connect(server.port, '127.0.0.1');
    socket.setTimeout(FLUSH_TIMEOUT_MS, () => socket.destroy());
    try {
      socket.write('FLUSHALL\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString().startsWith('+OK');
    } catch {
      return false; // it is down
    } finally {
      socket.destroy();
    }
  }

  async stop(): Promise<void> {
    await this.kafkaProxy?.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}

function openProxy(kafka: KafkaServer, port: number): Promise<FaultProxy> {
  const [listener] = kafka.listeners;
  if (listener === undefined) throw new Error('Kafka has no listener for the proxy');
  return FaultProxy.open({ port, targetPort: listener.port, nameOf: nameOfKafkaClient });
}

async function startAgain(server: BackingServer): Promise<void> {
  for (let failures = 0; ; failures += 1) {
    try {
      await server.start();
      return;
    } catch (error) {
      if (failures >= RESTARTS_MAX) throw error;
      await pause(RESTART_PAUSE_MS);
    }
  }
}
