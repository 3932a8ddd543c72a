// Everything that runs on the database: engine, functions, sources. Started as one, stopped in
// order, and started again by a reset.
import { mkdirSync, rmSync } from 'node:fs';
import type { Bus } from '../../shared/bus/bus.ts';
import { Outbox } from '../../shared/bus/outbox.ts';
import { findVariable } from '../../shared/config/environment.ts';
import { assertDurable, UNSAFE_VARIABLE } from '../../shared/db/durability.ts';
import { createPool, type Pool } from '../../shared/db/pool.ts';
import { TOPICS } from '../../shared/events/catalog.ts';
import type { LogLevel } from '../../shared/config/fields.ts';
import { topicsFor } from '../../shared/topics/topics.ts';
import type { ServiceTopology, Topology } from '../manifests/topology.ts';
import { Anchoring } from './audit/anchoring.ts';
import { Issuer } from './auth/issuer.ts';
import { readEmailKeys } from '../../shared/secrets/email.ts';
import { prepareSealingKeys } from './auth/sealing-keys.ts';
import type { CodeChange } from './build/code.ts';
import type { DataDir } from './data/data-dir.ts';
import { prepareDatabase, type PreparedDatabase } from './database/prepare.ts';
import { EmulatedEngine } from './engine/engine.ts';
import { assertLogFits } from './database/log-fit.ts';
import { EnvironmentMaker } from './environment.ts';
import { openEventLog, type EventLog } from './event-log.ts';
import type { DeliveryLog } from './eventing/delivery-log.ts';
import { SourceSet } from './eventing/sources.ts';
import type { Notices } from './notices.ts';
import { startChild, type Child } from './process/child.ts';
import { heapFlagsOf } from './process/heap.ts';
import { nicenessOf } from './process/niceness.ts';
import { seedExchange } from './seed/seed.ts';
import type { FaultPlan } from './service/faults.ts';
import { EmulatedService } from './service/service.ts';

const SHARD_FIELD = "metadata.labels['apps.kubernetes.io/pod-index']";
const NAME_FIELD = 'metadata.name';

export interface ExchangeDeps {
  readonly topology: Topology;
  /** Functions to run: all of the topology's, or those that were asked for. */
  readonly services: readonly ServiceTopology[];
  readonly dir: DataDir;
  readonly databaseUrl: string;
  /** Of a Redis; null runs without one. */
  readonly redisUrl: string | null;
  /** Allowances are those of production, not those of load tools. */
  readonly productionLimits: boolean;
  /** Brokers of the Kafka cluster that holds the log; null: the log is in the database. */
  readonly kafka: string | null;
  /** True when nobody else can be using this database. */
  readonly databaseIsOurs: boolean;
  readonly ownUrl: string;
  /** Where functions send mail. */
  readonly smtpUrl: string;
  /** Where the functions are; the issuer of every token. */
  readonly publicUrl: string;
  readonly logLevel: LogLevel;
  readonly faults: FaultPlan;
  readonly deliveries: DeliveryLog;
  readonly notices: Notices;
}

export interface Scripts {
  readonly functionsScript: string;
  readonly engineScript: string;
}

export class Exchange {
  readonly services = new Map<string, EmulatedService>();
  readonly engines: readonly EmulatedEngine[];
  readonly sources: SourceSet;
  readonly bus: Bus;
  readonly issuer: Issuer;
  readonly #database: PreparedDatabase;
  readonly #log: EventLog;
  readonly #notices: Notices;
  readonly #reference: Pool;
  readonly #outbox: Outbox;
  readonly #anchoring: Anchoring;
  #ending = false;

  /** Creates, migrates and seeds the database; nothing runs on it yet. */
  static async prepare(deps: ExchangeDeps, reset: boolean): Promise<Exchange> {
    if (reset) {
      rmSync(deps.dir.snapshotsDir, { recursive: true, force: true });
      // Anchors of the log that is thrown away would call the new one forged.
      rmSync(deps.dir.auditDir, { recursive: true, force: true });
    }
    mkdirSync(deps.dir.snapshotsDir, { recursive: true });
    let prepared: Exchange | null = null;
    const database = await prepareDatabase(deps.databaseUrl, reset, (error) => {
      // A server that stops last ends connections that are closing anyway.
      if (prepared !== null && prepared.#ending) return;
      deps.notices.say('warn', 'postgres', 'a connection broke', error);
    });
    for (const name of database.applied) deps.notices.say('info', 'postgres', `applied ${name}`);
    const exchange = new Exchange(deps, database);
    prepared = exchange;
    try {
      const accepted = findVariable(UNSAFE_VARIABLE);
      await assertDurable(exchange.admin, accepted, deps.notices.logFor('postgres'));
      await exchange.#provision(deps, reset);
    } catch (error) {
      await exchange.stop();
      throw error;
    }
    return exchange;
  }

  private constructor(deps: ExchangeDeps, database: PreparedDatabase) {
    this.#database = database;
    this.#notices = deps.notices;
    this.#log = openEventLog(deps.kafka, database, deps.notices.logFor('bus'));
    this.bus = this.#log.bus;
    prepareSealingKeys(deps.dir.sealingDir);
    const environment = new EnvironmentMaker(deps.topology, {
      roleUrl: database.urlFor,
      busUrl: this.#log.urlFor,
      busVariables: this.#log.variables,
      sealingDir: deps.dir.sealingDir,
      jwksUrl: keySetUrl(deps),
      issuerUrl: deps.publicUrl,
      smtpUrl: deps.smtpUrl,
      cacheUrl: deps.redisUrl,
      ...(deps.productionLimits ? { rateLimitFactor: 1 } : {}),
    });
    this.issuer = new Issuer({
      databaseUrl: database.urlFor('bourse_auth'),
      admin: database.admin,
      sealingDir: deps.dir.sealingDir,
      issuerUrl: deps.publicUrl,
      log: deps.notices.logFor('tokens'),
    });
    this.#reference = createPool({
      url: database.urlFor('bourse_reference'),
      applicationName: 'bourse-emulator-markets',
      connectionsMax: 2,
      onError: (error) => {
        if (!this.#ending) deps.notices.say('warn', 'markets', 'a connection broke', error);
      },
    });
    this.#outbox = new Outbox({
      pool: this.#reference,
      schema: 'reference',
      bus: this.bus,
      log: deps.notices.logFor('markets'),
    });
    this.#anchoring = new Anchoring({
      pool: database.admin,
      bus: this.bus,
      directory: deps.dir.auditDir,
      onFailure: (error) => deps.notices.say('warn', 'audit', 'the log was not anchored', error),
    });
    for (const topology of deps.services) {
      this.services.set(topology.name, emulatedService(topology, environment, deps));
    }
    this.engines = emulatedEngines(environment, deps);
    this.sources = new SourceSet({
      bus: this.bus,
      topology: deps.topology,
      services: this.services,
      faults: deps.faults,
      deliveries: deps.deliveries,
      onNotice: (source, level, text, error) => deps.notices.say(level, source, text, error),
    });
  }

  get admin(): Pool {
    return this.#database.admin;
  }

  /** Starts engine and functions together, then the events. Throws when one does not start. */
  async start(scripts: Scripts): Promise<void> {
    const started = await Promise.allSettled([
      ...this.engines.map((engine) => engine.start(scripts.engineScript)),
      ...[...this.services.values()].map((service) => service.roll(scripts.functionsScript)),
    ]);
    const failed = started.flatMap((each): unknown[] =>
      each.status === 'rejected' ? [each.reason] : [],
    );
    if (failed.length === 1) throw failed[0];
    if (failed.length > 1) throw new AggregateError(failed, 'several processes did not start');
    await this.sources.start();
    this.#anchoring.start();
  }

  /** Switches to new code what it changes; what does not start keeps its old version. */
  async apply(change: CodeChange): Promise<void> {
    const rolls: Promise<void>[] = [];
    const { functions, engine } = change;
    for (const service of this.services.values()) {
      const { target } = service.topology;
      if (functions === null || (functions.names !== 'all' && !functions.names.has(target))) {
        continue;
      }
      rolls.push(this.#try(service.name, () => service.roll(functions.script)));
    }
    if (engine !== null) {
      for (const each of this.engines) {
        rolls.push(this.#try('engine-daemon', () => each.replace(engine.script)));
      }
    }
    await Promise.all(rolls);
  }

  /** Sources first, then functions, then the engine with its snapshot: nobody loses its next. */
  async stop(): Promise<void> {
    await this.#anchoring.stop();
    await this.sources.stop();
    await Promise.all([...this.services.values()].map((service) => service.stop()));
    await Promise.all(this.engines.map((engine) => engine.stop()));
    await this.#outbox.stop();
    await this.bus.close();
    this.#ending = true;
    await Promise.all([this.#reference.end(), this.issuer.close()]);
    await this.#database.admin.end();
  }

  async #try(name: string, roll: () => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    try {
      await roll();
      const tookMs = Math.round(performance.now() - startedAt);
      this.#notices.say('info', name, `reloaded in ${tookMs} ms`);
    } catch (error) {
      this.#notices.say('error', name, 'the old version stays: the new one does not start', error);
    }
  }

  async #provision(deps: ExchangeDeps, reset: boolean): Promise<void> {
    if (reset) await this.#log.deleteTopics(Object.values(TOPICS).map(({ name }) => name));
    if (deps.databaseIsOurs) await this.#endOldLeases();
    const shards = Number(deps.topology.configMaps.get('shards')?.['shards'] ?? '1');
    await this.bus.provision(topicsFor(shards));
    await assertLogFits(this.admin, this.bus);
    // What an interrupted market command left behind is published by the sweeper.
    this.#outbox.startSweeper();
    const emailKeys = readEmailKeys(deps.dir.sealingDir);
    await seedExchange(this.admin, this.#reference, this.#outbox, emailKeys, shards);
  }

  /** A killed emulator's memberships would hold the partitions until their leases end. */
  async #endOldLeases(): Promise<void> {
    await this.admin.query('UPDATE log.group_members SET lease_until = now()');
  }
}

/** The auth function's own, by the public port; without that function the emulator publishes them. */
function keySetUrl({ services, publicUrl, ownUrl }: ExchangeDeps): string {
  const hasAuth = services.some(({ target }) => target === 'auth');
  const url = new URL('/.well-known/jwks.json', hasAuth ? publicUrl : ownUrl);
  // The functions run here: no resolver may come between them.
  url.hostname = '127.0.0.1';
  return url.href;
}

function emulatedService(
  topology: ServiceTopology,
  environment: EnvironmentMaker,
  deps: ExchangeDeps,
): EmulatedService {
  return new EmulatedService(topology, {
    launch: (service, revision, script) =>
      startChild({
        name: service.name,
        script,
        nodeFlags: heapFlagsOf(service.document),
        env: environment.forService(service, revision, deps.logLevel),
        onLine: (line) => deps.notices.childLine(service.name, line),
        readyPath: '/readyz',
        niceness: nicenessOf(
          service.document,
          deps.topology.services.map(({ document }) => document),
        ),
      }),
    onNotice: (level, message, error) => deps.notices.say(level, topology.name, message, error),
  });
}

function emulatedEngines(environment: EnvironmentMaker, deps: ExchangeDeps): EmulatedEngine[] {
  const { engine } = deps.topology;
  if (engine === null) return [];
  const launch = (shard: number, script: string): Promise<Child> =>
    startChild({
      name: engine.name,
      script,
      nodeFlags: heapFlagsOf(engine.document),
      env: {
        ...environment.forEngine(
          engine,
          { [SHARD_FIELD]: String(shard), [NAME_FIELD]: `${engine.name}-${shard}` },
          deps.logLevel,
        ),
        // The pod's own port and volume, on this machine.
        PORT: '0',
        ENGINE_SNAPSHOT_DIR: deps.dir.snapshotsDir,
      },
      onLine: (line) => deps.notices.childLine(engine.name, line),
      readyPath: '/readyz',
    });
  return Array.from(
    { length: engine.replicas },
    (_, shard) =>
      new EmulatedEngine(shard, {
        launch,
        onNotice: (level, message, error) => deps.notices.say(level, engine.name, message, error),
      }),
  );
}
