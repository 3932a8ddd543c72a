// The emulator as programs see it: started, asked, stopped. `main.ts` is the command around it.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Server } from 'node:http';
import type { UserId } from '../../shared/domain/ids.ts';
import { reject, type Rejection } from '../../shared/domain/rejection.ts';
import type { ServiceTopology, Topology } from '../manifests/topology.ts';
import { Code } from './build/code.ts';
import { watchSources, type Watching } from './build/watch.ts';
import { dataDir, lockDataDir, type DataDir } from './data/data-dir.ts';
import { closeServer, listen } from './data/listen.ts';
import { givenDatabase, startPostgres, type RunningDatabase } from './database/postgres.ts';
import { DeliveryLog, type Delivery } from './eventing/delivery-log.ts';
import type { SourceAction, SourceState } from './eventing/emulated-source.ts';
import { Exchange, type ExchangeDeps } from './exchange.ts';
import { Mailbox, type ReceivedMail } from './mail/mailbox.ts';
import { LogPrinter } from './log/printer.ts';
import { readCheckedTopology, selectServices, withShards } from './manifests.ts';
import { Notices } from './notices.ts';
import type { EmulatorOptions } from './options.ts';
import { ownRoutes } from './own/routes.ts';
import { createOwnServer } from './own/server.ts';
import { createGatewayServer } from './proxy/public-server.ts';
import { adminTable, publicTable, type RouteTable } from './proxy/route-table.ts';
import { fund, type Funding } from './seed/fund.ts';
import { FaultPlan, type FaultTargets } from './service/faults.ts';
import type { EmulatorHealth, EmulatorState } from './state.ts';

const SOURCE_FOLDERS = ['functions', 'shared', 'engine-daemon', 'knative/base'] as const;
/** Requests in flight may still be answered when the ports close. */
const CLOSE_GRACE_MS = 10_000;

/** Starts everything; resolves when the exchange trades. Cleans up after itself when it cannot. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const emulator = new Emulator(options);
  try {
    await emulator.start();
  } catch (error) {
    await emulator.stop();
    throw error;
  }
  return emulator;
}

export class Emulator {
  readonly faults = new FaultPlan();
  readonly deliveries = new DeliveryLog();
  readonly notices: Notices;
  readonly #options: EmulatorOptions;
  readonly #dir: DataDir;
  readonly #topology: Topology;
  readonly #selected: readonly ServiceTopology[];
  readonly #public: Server;
  readonly #admin: Server;
  readonly #own: Server;
  #publicPort = 0;
  #ownPort = 0;
  #adminPort = 0;
  #unlock: (() => void) | null = null;
  #database: RunningDatabase | null = null;
  #mailbox: Mailbox | null = null;
  #code: Code | null = null;
  #exchange: Exchange | null = null;
  #watching: Watching | null = null;
  #open = false;
  #stopping: Promise<void> | null = null;
  /** Reloads and resets one after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(options: EmulatorOptions) {
    this.#options = options;
    this.notices = new Notices(new LogPrinter(options));
    this.#dir = dataDir(options.dataDir);
    const declared = readCheckedTopology(
      options.root,
      options.manifestsDir ?? join(options.root, 'knative', 'base'),
      this.notices,
    );
    const shards = options.shards ?? null;
    this.#topology = shards === null ? declared : withShards(declared, shards);
    this.#selected = selectServices(this.#topology, options.only);
    const onError = (error: unknown): void =>
      this.notices.say('error', 'emulator', 'failed', error);
    const gateway = (table: RouteTable): Server =>
      createGatewayServer({
        routes: () => table,
        services: () => this.#exchange?.services ?? null,
        faults: this.faults,
        isOpen: () => this.#open,
        onError,
      });
    this.#public = gateway(publicTable(this.#topology));
    this.#admin = gateway(adminTable(this.#topology));
    this.#own = createOwnServer(ownRoutes(this), onError);
  }

  get publicUrl(): string {
    return `http://localhost:${this.#publicPort}`;
  }

  get ownUrl(): string {
    return `http://localhost:${this.#ownPort}`;
  }

  get adminUrl(): string {
    return `http://localhost:${this.#adminPort}`;
  }

  /** Superuser connection string of the exchange's database. */
  get databaseUrl(): string {
    return this.#database?.url ?? '';
  }

  async start(): Promise<void> {
    const { port, root, databaseUrl } = this.#options;
    this.#unlock = lockDataDir(this.#dir);
    this.#publicPort = await listen(this.#public, port);
    this.#ownPort = await listen(this.#own, port === 0 ? 0 : port + 1);
    this.#adminPort = await listen(this.#admin, port === 0 ? 0 : port + 2);
    this.#mailbox = await Mailbox.open();
    const { ownUrl, publicUrl } = this;
    writeFileSync(this.#dir.emulatorFile, `${JSON.stringify({ ownUrl, publicUrl })}\n`);
    const [exchange, code] = await Promise.all([
      this.#startDatabase(databaseUrl).then(() => this.#prepare(this.#options.reset)),
      Code.open(root, this.#dir.buildDir).then((opened) => (this.#code = opened)),
    ]);
    await exchange.start(code);
    this.#open = true;
    if (this.#options.watch) this.#watch();
  }

  /** Intake first, then what depends on it, Postgres last. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** Everything back to the seed. Refused where that would throw topics away unasked. */
  async reset(): Promise<Rejection | null> {
    const { kafka = null, resetTopics = false } = this.#options;
    if (kafka !== null && !resetTopics) {
      return reject('ACCESS_DENIED', 'the topics in Kafka are kept: start with --reset-topics');
    }
    await this.#change(async () => {
      this.#open = false;
      await this.#exchange?.stop();
      this.#exchange = null;
      this.faults.clear();
      this.#mailbox?.clear();
      const exchange = await this.#prepare(true);
      if (this.#code !== null) await exchange.start(this.#code);
      this.#open = true;
    });
    return null;
  }

  keySet(): ReturnType<Exchange['issuer']['keySet']> {
    return this.#running().issuer.keySet();
  }

  async sign(userId: UserId): Promise<{ token: string; expiresInSeconds: number }> {
    return this.#running().issuer.sign(userId);
  }

  /** Mails that were sent, newest first. */
  mails(to: string | null): ReceivedMail[] {
    return this.#mailbox?.list(to) ?? [];
  }

  async fund(fundings: readonly Funding[]): Promise<Rejection | null> {
    return fund(this.#running().admin, fundings);
  }

  replay(delivery: Delivery): Promise<Delivery | null> {
    return this.#running().sources.replay(delivery);
  }

  faultTargets(): FaultTargets {
    return {
      functions: this.#selected.map((each) => each.name),
      sources: this.#topology.sources,
    };
  }

  sourceStates(): SourceState[] {
    return this.#exchange?.sources.states() ?? [];
  }

  /** Null when no such source runs; false when it is stopped and cannot do that. */
  async actOnSource(name: string, action: SourceAction): Promise<SourceState | false | null> {
    return (await this.#exchange?.sources.act(name, action)) ?? null;
  }

  /** Of what runs here itself: the log and the database are not asked, and may be away. */
  health(): EmulatorHealth {
    const services = this.#exchange === null ? [] : [...this.#exchange.services.values()];
    const up = Object.fromEntries(services.map((each) => [each.name, each.instance !== null]));
    const engine = this.#exchange?.engines.every((each) => each.pid !== null) ?? false;
    return {
      ready: this.#open && engine && Object.values(up).every(Boolean),
      services: up,
      engine,
      pids: {
        services: Object.fromEntries(services.map((each) => [each.name, each.state().pid])),
        engines: this.#exchange?.engines.map(({ pid }) => pid) ?? [],
      },
    };
  }

  /** How far each source is behind; all zero when every event was handled and committed. */
  lag(): ReturnType<Exchange['sources']['lag']> {
    return this.#running().sources.lag();
  }

  async describe(): Promise<EmulatorState> {
    const exchange = this.#exchange;
    return {
      publicUrl: this.publicUrl,
      ownUrl: this.ownUrl,
      adminUrl: this.adminUrl,
      dataDir: this.#dir.path,
      ready: this.#open,
      pid: process.pid,
      postgresPid: this.#database?.pid() ?? null,
      enginePid: exchange?.engines[0]?.pid ?? null,
      enginePids: exchange?.engines.map(({ pid }) => pid) ?? [],
      services:
        exchange === null ? [] : [...exchange.services.values()].map((each) => each.state()),
      routes: this.#topology.routes,
      sourceNames: this.#topology.sources.map((each) => each.name),
      sources: exchange === null ? [] : await exchange.sources.lag(),
      errors: this.notices.errors(),
    };
  }

  #running(): Exchange {
    if (this.#exchange === null) throw new Error('the exchange is not running');
    return this.#exchange;
  }

  async #startDatabase(given: string | null): Promise<void> {
    this.#database =
      given === null
        ? await startPostgres(this.#dir, {
            onLog: () => undefined,
            onNotice: (level, message, error) =>
              this.notices.say(level, 'postgres', message, error),
          })
        : givenDatabase(given);
  }

  async #prepare(reset: boolean): Promise<Exchange> {
    const deps: ExchangeDeps = {
      topology: this.#topology,
      services: this.#selected,
      dir: this.#dir,
      databaseUrl: this.databaseUrl,
      redisUrl: this.#options.redisUrl ?? null,
      productionLimits: this.#options.productionLimits ?? false,
      kafka: this.#options.kafka ?? null,
      databaseIsOurs: this.#options.databaseUrl === null,
      ownUrl: this.ownUrl,
      smtpUrl: this.#mailbox?.url ?? '',
      publicUrl: this.publicUrl,
      logLevel: this.#options.logLevel,
      faults: this.faults,
      deliveries: this.deliveries,
      notices: this.notices,
    };
    this.#exchange = await Exchange.prepare(deps, reset);
    return this.#exchange;
  }

  #watch(): void {
    this.#watching = watchSources(this.#options.root, SOURCE_FOLDERS, (files) => {
      void this.#change(() => this.#reload(files));
    });
  }

  async #reload(files: ReadonlySet<string>): Promise<void> {
    if ([...files].some((file) => file.endsWith('.yaml'))) {
      this.notices.say('warn', 'emulator', 'a manifest changed: restart to apply it');
    }
    if (this.#code === null || ![...files].some((file) => file.endsWith('.ts'))) return;
    try {
      await this.#exchange?.apply(await this.#code.rebuild(files));
    } catch (error) {
      this.notices.say(
        'error',
        'emulator',
        'the old version stays: the code does not build',
        error,
      );
    }
  }

  #change(work: () => Promise<void>): Promise<void> {
    const changed = this.#changing.then(() => (this.#stopping === null ? work() : undefined));
    // Whoever asked hears of the failure; the next change must not.
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #stopAll(): Promise<void> {
    this.#open = false;
    this.#watching?.close();
    const gateways = [this.#public, this.#admin];
    await Promise.all(gateways.map((each) => closeServer(each, CLOSE_GRACE_MS)));
    await this.#changing;
    await this.#exchange?.stop();
    await this.#mailbox?.close();
    await closeServer(this.#own, CLOSE_GRACE_MS);
    await this.#code?.dispose();
    await this.#database?.stop();
    if (this.#unlock === null) return;
    rmSync(this.#dir.emulatorFile, { force: true });
    this.#unlock();
  }
}
