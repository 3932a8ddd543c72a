// One torture from beginning to end: start, trade, hurt, let come to rest, judge, report.
import { mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { makeClient } from '../audit/database.ts';
import { checkClients, type ClientFigures } from './check/client-checks.ts';
import { checkLists, type ListFigures } from './check/list-checks.ts';
import { checkDeadLetters } from './check/dead-letters.ts';
import { auditFinally } from './check/final-audit.ts';
import { findStandstill } from './check/liveness.ts';
import { LiveAudit } from './check/live-audit.ts';
import { waitForRest } from './check/quiescence.ts';
import { Violations } from './check/violations.ts';
import { BESIDE, type BesideName } from './cluster/beside.ts';
import { Cluster } from './cluster/cluster.ts';
import { perform } from './nemesis/perform.ts';
import { RECOVERY_TIMEOUT_MS, type Scene } from './nemesis/scene.ts';
import { skewMethod } from './nemesis/skewed-clock.ts';
import type { TortureOptions } from './options.ts';
import { pause, waitUntil } from './pause.ts';
import { pageOf, withBigints } from './report/page.ts';
import { Recoveries } from './report/recoveries.ts';
import { FaultCounts, type Report } from './report/report.ts';
import { LINK_SERVERS } from './proxy/links.ts';
import { labelOf, type Step } from './schedule/fault.ts';
import { expectedLabels, LONG_PROFILE, Schedule, scheduleHash } from './schedule/schedule.ts';
import { SHORT_PROFILE, type Profile } from './schedule/schedule.ts';
import { History } from './workload/history.ts';
import { ExchangeHttp } from './workload/http.ts';
import { Probe } from './workload/probe.ts';
import { Workload } from './workload/workload.ts';

/** How long calm trading may go on to reach the orders that were asked for. */
const CALM_TIMEOUT_MS = 600_000;
const TOPOLOGY = [
  'Postgres 18 (durable)',
  'emulator (gateway and sources)',
  'orders, settlement, market-data, ledger, fees: one process each',
];
const NOT_HERE: Readonly<Record<BesideName, string>> = {
  kafka: 'Kafka broker restart: the event log of this topology is in Postgres (--with kafka)',
  redis: 'Redis flush and kill: this topology has no market feed (--with redis)',
};

export function profileOf(options: TortureOptions): Profile {
  return options.profile === 'long' ? LONG_PROFILE : SHORT_PROFILE;
}

/** `onOpen` gets the way to end everything early, for whoever is asked to stop. */
export async function torture(
  options: TortureOptions,
  tell: (line: string) => void,
  onOpen: (end: () => Promise<void>) => void = () => undefined,
): Promise<Report> {
  const run = await Run.open(options, tell);
  onOpen(() => run.abandon());
  try {
    await run.trade();
    await run.hurt();
    return await run.judge();
  } finally {
    await run.close();
  }
}

class Run {
  readonly #options: TortureOptions;
  readonly #tell: (line: string) => void;
  readonly #dir: string;
  readonly #cluster: Cluster;
  readonly #http: ExchangeHttp;
  readonly #history: History;
  readonly #workload: Workload;
  readonly #scene: Scene;
  readonly #live: LiveAudit;
  readonly #violations = new Violations();
  readonly #faults = new FaultCounts();
  readonly #startedAt = new Date();
  #tradingSinceMs = 0;
  #tradedMs = 0;
  #kills = 0;
  #rounds = 0;
  #steps = 0;

  private constructor(
    options: TortureOptions,
    dir: string,
    cluster: Cluster,
    tell: (line: string) => void,
  ) {
    const { clients, rate, seed } = options;
    this.#options = options;
    this.#tell = tell;
    this.#dir = dir;
    this.#cluster = cluster;
    this.#http = new ExchangeHttp(cluster.emulator.publicUrl);
    this.#history = new History(join(dir, 'history.jsonl'));
    this.#workload = new Workload({
      emulator: cluster.emulator,
      http: this.#http,
      history: this.#history,
      clients,
      requestsPerSecond: rate,
      seed,
    });
    const probe = new Probe(this.#http, this.#workload, this.#history, seed);
    this.#scene = { cluster, probe, recoveries: new Recoveries(), dir };
    this.#live = new LiveAudit(() => cluster.postgres.url, this.#violations);
  }

  static async open(options: TortureOptions, tell: (line: string) => void): Promise<Run> {
    const dir = join(resolve(options.reportDir), `seed-${options.seed}-${Date.now()}`);
    mkdirSync(dir, { recursive: true });
    tell(`starting the exchange; everything goes to ${dir}`);
    return new Run(options, dir, await Cluster.open(dir, options), tell);
  }

  async trade(): Promise<void> {
    await this.#workload.fund();
    this.#workload.start();
    this.#tradingSinceMs = performance.now();
    this.#live.start();
  }

  /** Faults until the time is over and as many rounds as were asked for are complete. */
  async hurt(): Promise<void> {
    const { minutes, rounds } = this.#options;
    const endMs = performance.now() + minutes * 60_000;
    const isOver = (): boolean => this.#rounds >= rounds && performance.now() >= endMs;
    const schedule = new Schedule(this.#options.seed, profileOf(this.#options), this.#options);
    while (!isOver()) {
      for (const step of schedule.nextRound().filter((each) => this.#isWanted(each))) {
        if (isOver()) return;
        await this.#hurtOnce(step);
      }
      this.#rounds += 1;
    }
  }

  #isWanted({ fault }: Step): boolean {
    const { only } = this.#options;
    return only === null || labelOf(fault).includes(only);
  }

  async judge(): Promise<Report> {
    const { orders } = this.#options;
    await this.#heal();
    await waitUntil(() => this.#history.acknowledged >= orders, CALM_TIMEOUT_MS);
    await this.#workload.stop();
    this.#tradedMs = performance.now() - this.#tradingSinceMs;
    this.#tell('no faults and no orders any more: waiting until all is at rest');
    const rest = await waitForRest(this.#cluster, this.#scene.probe);
    if (rest.tookMs === null) {
      this.#violations.add('A5', 'it did not come to rest after the faults', rest.left);
    }
    await this.#live.stop();
    const asked = {
      databaseUrl: this.#cluster.postgres.url,
      history: this.#history,
      http: this.#http,
      workload: this.#workload,
      violations: this.#violations,
    };
    const clients = await checkClients(asked);
    const lists = await checkLists(asked);
    await checkDeadLetters(this.#cluster.beside.brokers, this.#violations);
    this.#tell('auditing');
    const audit = await auditFinally(this.#cluster, this.#violations);
    const report = await this.#report(clients, lists, rest.tookMs, audit);
    writeFileSync(join(this.#dir, 'report.json'), JSON.stringify(report, withBigints, 2));
    writeFileSync(join(this.#dir, 'report.md'), pageOf(report));
    return report;
  }

  /** At once: nothing that was started may stay behind. */
  async abandon(): Promise<void> {
    await this.#cluster.killEverything();
    this.#cluster.disk.remove();
  }

  async close(): Promise<void> {
    await this.#workload.stop();
    await this.#live.stop();
    await this.#http.close();
    this.#history.close();
    await this.#cluster.close();
  }

  async #hurtOnce({ fault, awaitsRecovery, gapMs }: Step): Promise<void> {
    const label = labelOf(fault);
    if (this.#cluster.emulator.pid === null) {
      this.#violations.add('A5', 'the emulator ended by itself', { before: label });
    }
    const startedMs = performance.now();
    const deed = await perform(fault, this.#scene);
    this.#kills += deed.kills;
    this.#steps += 1;
    this.#faults.note(label, deed.happened);
    // A child waits for what is broken, but an emulator that ended must be started by us.
    await this.#cluster.ensureEmulator();
    if (awaitsRecovery) await this.#checkLiveness(label);
    this.#sayProgress(label, deed.happened, performance.now() - startedMs);
    await pause(gapMs);
  }

  async #checkLiveness(label: string): Promise<void> {
    const { probe } = this.#scene;
    const { url } = this.#cluster.postgres;
    const standstill = await findStandstill(probe, url, RECOVERY_TIMEOUT_MS);
    if (standstill === null) return;
    this.#tell(`${label}: ${JSON.stringify(standstill)}`);
    this.#violations.add('A5', 'it did not recover from a fault', { label, standstill });
  }

  #sayProgress(label: string, happened: boolean, tookMs: number): void {
    const { acknowledged } = this.#history;
    const found = this.#violations.list().length;
    this.#tell(
      `${this.#steps} ${label}${happened ? '' : ' FAILED'}, ${Math.round(tookMs)} ms; ` +
        `${this.#kills} kills, ${acknowledged} orders, ${this.#live.reads} reads` +
        (found === 0 ? '' : `, ${found} VIOLATIONS`),
    );
  }

  /** Nothing hurts any more, and everything runs. */
  async #heal(): Promise<void> {
    for (const server of LINK_SERVERS) this.#cluster.proxyOf(server)?.clear();
    this.#cluster.overrides.clearAll();
    this.#cluster.disk.free();
    await this.#cluster.beside.startAll();
    await this.#cluster.ensureEmulator();
  }

  async #report(
    orders: ClientFigures,
    lists: ListFigures,
    restMs: number | null,
    audit: readonly string[],
  ): Promise<Report> {
    const { seed, profile, shards } = this.#options;
    const { recoveries, cluster } = this.#scene;
    const { ok, fail, info } = this.#history.counts;
    return {
      seed,
      profile,
      scheduleHash: scheduleHash(seed, profileOf(this.#options), this.#options),
      commit: readCommit(),
      startedAt: this.#startedAt.toISOString(),
      durationSeconds: Math.round((Date.now() - this.#startedAt.getTime()) / 1_000),
      tradedSeconds: Math.round(this.#tradedMs / 1_000),
      topology: [...this.#options.beside, `${shards} engine daemon(s)`, ...TOPOLOGY],
      notHere: BESIDE.filter((name) => !this.#options.beside.includes(name)).map(
        (name) => NOT_HERE[name],
      ),
      skewMethod: skewMethod(),
      rounds: this.#rounds,
      steps: this.#steps,
      faults: this.#faults.list(),
      kills: this.#kills,
      killsOfEverything: this.#faults.happened('kill everything'),
      networkFaults: this.#faults.sum('network '),
      crashPointHitsMin: this.#faults.least('crash point '),
      requests: { ok, fail, info },
      orders,
      lists,
      refusals: Object.fromEntries(this.#history.refusals),
      trades: await countTrades(cluster.postgres.url),
      liveReads: this.#live.reads,
      liveReadsMissed: this.#live.misses,
      recoveries: {
        engine: recoveries.figures('engine'),
        start: recoveries.figures('start'),
        system: recoveries.figures('system'),
      },
      restMs,
      audit,
      violations: this.#violations.list(),
      notCovered: this.#faults.missing(
        [...expectedLabels(profileOf(this.#options), this.#options)].filter(
          (label) => this.#options.only === null || label.includes(this.#options.only),
        ),
      ),
    };
  }
}

async function countTrades(url: string): Promise<number> {
  const client = makeClient(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ trades: number }>(
      `SELECT count(*)::integer AS trades FROM settlement.executions WHERE kind = 'trade'`,
    );
    return rows[0]?.trades ?? 0;
  } finally {
    await client.end();
  }
}

function readCommit(): string {
  const answer = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' });
  return answer.status === 0 ? answer.stdout.trim() : 'unknown';
}
