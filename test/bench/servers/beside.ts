// The servers that a bench starts beside the exchange: Kafka and Redis, as production has them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServices, type Services } from '../../../shared/testing/services/start-services.ts';

const NAMES = ['kafka', 'redis'] as const;
type Name = (typeof NAMES)[number];

export class Beside {
  /** For `npm run dev`. */
  readonly flags: readonly string[];
  /** Where the log is read; null when it is the embedded one. */
  readonly kafkaUrl: string | null;
  readonly pids: readonly (readonly [string, number])[];
  readonly #dir: string;
  readonly #services: Services<Name>;

  /** `list` names servers with commas between them; throws for one that is not known. */
  static async start(list: string, { isWarmedUp = false } = {}): Promise<Beside> {
    const names = list.split(',').filter((name) => name !== '');
    const unknown = names.find((name) => !isName(name));
    if (unknown !== undefined) throw new Error(`--with knows kafka and redis, not ${unknown}`);
    const dir = mkdtempSync(join(tmpdir(), 'bourse-bench-'));
    const services = await startServices(names.filter(isName), {
      dataDir: dir,
      engine: 'process',
      kafka: { isWarmedUp },
    });
    return new Beside(dir, new Set(names), services);
  }

  private constructor(dir: string, names: ReadonlySet<string>, services: Services<Name>) {
    const brokers = names.has('kafka') ? services.kafka.brokers : null;
    this.#dir = dir;
    this.#services = services;
    this.kafkaUrl = brokers === null ? null : `kafka://${brokers}`;
    this.flags = [
      ...(brokers === null ? [] : ['--kafka', brokers]),
      ...(names.has('redis') ? ['--redis', services.redis.url] : []),
    ];
    this.pids = services.all.flatMap((server): [string, number][] => {
      const pid = server.pid();
      return pid === null ? [] : [[server.name, pid]];
    });
  }

  async stop(): Promise<void> {
    await this.#services.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function isName(name: string): name is Name {
  return NAMES.some((known) => known === name);
}
