// A source under test: a real log, the real consumer, the real way to a function, and behind it an
// HTTP server whose answers the test chooses.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { Bus, IncomingRecord, OutgoingRecord } from '../../../../shared/bus/bus.ts';
import { loadManifests } from '../../../manifests/load.ts';
import {
  readTopology,
  type DeliveryShape,
  type ServiceTopology,
  type SourceTopology,
} from '../../../manifests/topology.ts';
import { BASE_DIR } from '../../../testing/base-manifests.ts';
import { closeServer, listen } from '../../data/listen.ts';
import { resolveDestination } from '../../eventing/destination.ts';
import { EmulatedSource } from '../../eventing/emulated-source.ts';
import { ServiceTarget } from '../../eventing/service-target.ts';
import { systemClock } from '../../kafka-source/clock.ts';
import type { Attempt, Outcome } from '../../kafka-source/deliver.ts';
import { readDeliveryPolicy } from '../../kafka-source/delivery-policy.ts';
import { SourceConsumer, type SourceDeps } from '../../kafka-source/source.ts';
import { FaultPlan } from '../../service/faults.ts';
import { EmulatedService } from '../../service/service.ts';
import type { LogHarness } from './log-harness.ts';

export interface Got {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Started {
  readonly consumer: SourceConsumer;
  readonly outcomes: (Outcome | 'discarded')[];
  readonly attempts: Attempt[];
}

export interface StartOptions {
  readonly source?: Partial<SourceTopology>;
  readonly service?: Partial<ServiceTopology>;
  readonly delivery?: DeliveryShape;
  readonly deps?: Partial<SourceDeps>;
}

const topology = readTopology(loadManifests(BASE_DIR));
const FAST: DeliveryShape = { retry: 3, backoffPolicy: 'linear', backoffDelay: 'PT0.01S' };

export class Lab {
  readonly got: Got[] = [];
  readonly bus: Bus;
  readonly log: LogHarness;
  answer: (got: Got) => number | Reply | Promise<number | Reply> = () => 204;
  readonly #server: Server;
  readonly #port: number;
  #started: SourceConsumer[] = [];
  #services: EmulatedService[] = [];

  static async open(log: LogHarness): Promise<Lab> {
    const server = createServer();
    const port = await listen(server, 0);
    return new Lab(log, server, port);
  }

  private constructor(log: LogHarness, server: Server, port: number) {
    this.log = log;
    this.bus = log.open();
    this.#server = server;
    this.#port = port;
    server.on('request', (req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const { method = '', url: path = '', headers } = req;
        const got = { method, path, headers, body };
        this.got.push(got);
        void Promise.resolve(this.answer(got)).then((given) => {
          const reply = typeof given === 'number' ? { status: given, body: 'because' } : given;
          res.writeHead(reply.status, reply.headers).end(reply.body);
        });
      });
    });
  }

  /** Between tests: nothing runs, everything answers 204. */
  async rest(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((each) => each.stop()));
    await Promise.all(this.#services.splice(0).map((each) => each.stop()));
    this.got.length = 0;
    this.answer = () => 204;
  }

  async close(): Promise<void> {
    await this.rest();
    await closeServer(this.#server, 0);
    await this.log.close();
  }

  async newTopic(partitions = 1): Promise<string> {
    const name = `conformance.${randomUUID()}`;
    await this.bus.provision([{ name, partitions, retentionMs: -1 }]);
    return name;
  }

  /** Records whose text is `partition:number`. */
  async publish(
    topic: string,
    count: number,
    partition = 0,
    rest: Partial<OutgoingRecord> = {},
  ): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    await this.bus.publish(
      Array.from({ length: count }, (_, n) => {
        const value = Buffer.from(`${partition}:${n}`);
        return { topic, partition, key: null, headers, value, ...rest };
      }),
    );
  }

  /** A consumer of the source `settlement`, changed as the test wants it. */
  async start(topic: string, options: StartOptions = {}): Promise<Started> {
    const made = await this.#make(topic, options);
    const consumer = made.makeConsumer();
    await consumer.start();
    return { ...made, consumer };
  }

  /** The same source as a whole, with all its consumers. */
  async startSource(
    topic: string,
    options: StartOptions = {},
  ): Promise<Omit<Started, 'consumer'> & { readonly source: EmulatedSource }> {
    const made = await this.#make(topic, options);
    const source = new EmulatedSource(this.source(topic, options.source), made.makeConsumer);
    await source.start();
    return { ...made, source };
  }

  async #make(
    topic: string,
    options: StartOptions,
  ): Promise<Omit<Started, 'consumer'> & { readonly makeConsumer: () => SourceConsumer }> {
    const outcomes: (Outcome | 'discarded')[] = [];
    const attempts: Attempt[] = [];
    const source = this.source(topic, options.source);
    const deps: SourceDeps = {
      bus: this.bus,
      clock: systemClock,
      sink: await this.sinkOf(source, options.service),
      deadLetter: null,
      policy: readDeliveryPolicy(options.delivery ?? FAST),
      copies: () => 1,
      holdBackMs: () => null,
      onAttempt: (_record, _event, attempt) => attempts.push(attempt),
      onOutcome: (_record, outcome) => outcomes.push(outcome),
      onError: (error) => {
        throw error;
      },
      ...options.deps,
    };
    const makeConsumer = (): SourceConsumer => {
      const consumer = new SourceConsumer(source, deps);
      this.#started.push(consumer);
      return consumer;
    };
    return { outcomes, attempts, makeConsumer };
  }

  source(topic: string, change: Partial<SourceTopology> = {}): SourceTopology {
    const base = topology.sources.find((each) => each.name === 'settlement');
    if (base === undefined) throw new Error('no source settlement');
    return { ...base, topics: [topic], consumerGroup: `group-${topic}`, ...change };
  }

  async sinkOf(
    source: SourceTopology,
    change: Partial<ServiceTopology> = {},
  ): Promise<ServiceTarget> {
    const base = topology.services.find((each) => each.name === 'settlement');
    if (base === undefined) throw new Error('no service settlement');
    const child = {
      ...{ pid: 1, port: this.#port, startedAtMs: 0, exited: new Promise<string>(() => undefined) },
      stop: () => Promise.resolve(),
      kill: () => undefined,
    };
    const service = new EmulatedService(
      { ...base, ...change },
      { launch: () => Promise.resolve(child), onNotice: () => undefined },
    );
    this.#services.push(service);
    await service.roll('');
    const { address, path } = resolveDestination(source.sink, source.document);
    return new ServiceTarget({
      service,
      uri: address,
      path,
      sourceName: source.name,
      sourceNamespace: source.namespace,
      faults: new FaultPlan(),
    });
  }

  committed(topic: string): Promise<ReadonlyMap<number, number>> {
    return this.bus.committed(`group-${topic}`, topic);
  }

  bodies(): string[] {
    return this.got.map((each) => each.body);
  }

  /** All that is in a partition now. */
  async read(topic: string, partition = 0): Promise<IncomingRecord[]> {
    const { first, next } = await this.bus.offsets(topic, partition);
    if (first === next) return [];
    const found: IncomingRecord[] = [];
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((done) => (finish = done));
    const reader = await this.bus.tail({
      ...{ topic, partition, from: first, batchMax: 100 },
      onBatch: (records) => {
        found.push(...records);
        if ((found.at(-1)?.offset ?? -1) >= next - 1) finish();
        return Promise.resolve();
      },
      onError: finish,
    });
    await finished;
    await reader.stop();
    return found;
  }
}

/** Holds answers back until the test lets them go, one by one or all. */
export class Valve {
  #waiting: (() => void)[] = [];
  #open = false;

  pass(): Promise<void> {
    return this.#open ? Promise.resolve() : new Promise((done) => this.#waiting.push(done));
  }

  get held(): number {
    return this.#waiting.length;
  }

  letGo(count: number): void {
    for (const done of this.#waiting.splice(0, count)) done();
  }

  open(): void {
    this.#open = true;
    this.letGo(this.#waiting.length);
  }
}
