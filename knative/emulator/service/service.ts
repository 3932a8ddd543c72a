// One Knative Service: its present process, the gate before it, restarts, and the switch to a new
// version without a gap.
import { Pool } from 'undici';
import type { ServiceTopology } from '../../manifests/topology.ts';
import type { Child } from '../process/child.ts';
import { RestartBackoff } from '../process/restart.ts';
import type { ServiceState } from '../state.ts';
import { Gate } from './gate.ts';

/** Open connections to one process: above its slots, so that it refuses and nothing queues here. */
const CONNECTIONS_MAX = 1_280;
/** Below the host's own keep-alive, so that the client side closes first. */
const KEEP_ALIVE_MS = 600_000;
const STOP_GRACE_MS = 15_000;

export interface Instance {
  readonly child: Child;
  readonly origin: string;
  readonly pool: Pool;
  readonly revision: string;
}

/** Leave to send one request to an instance. */
export interface Lease {
  readonly instance: Instance;
  release(): void;
}

/** The queue is full; there is no process and will be none; or the signal came first. */
export type Refusal = 'overflow' | 'unavailable' | 'late';

export interface ServiceDeps {
  /** Starts a process of this service from a bundle; resolves when it is ready. */
  readonly launch: (service: ServiceTopology, revision: string, script: string) => Promise<Child>;
  readonly onNotice: (level: 'info' | 'warn' | 'error', message: string, error?: unknown) => void;
}

export class EmulatedService {
  readonly topology: ServiceTopology;
  readonly gate: Gate;
  readonly #deps: ServiceDeps;
  readonly #backoff = new RestartBackoff();
  #instance: Instance | null = null;
  readonly #awaiting = new Set<() => void>();
  #script = '';
  #generation = 0;
  #stopped = false;
  #retiring: Promise<unknown> = Promise.resolve();
  restarts = 0;

  constructor(topology: ServiceTopology, deps: ServiceDeps) {
    this.topology = topology;
    this.#deps = deps;
    this.gate = new Gate(topology.containerConcurrency);
  }

  get name(): string {
    return this.topology.name;
  }

  get instance(): Instance | null {
    return this.#instance;
  }

  /**
   * Starts a process from this bundle and switches to it once it is ready. On failure the old one
   * stays, and restarts go on using the bundle that worked.
   */
  async roll(script: string): Promise<void> {
    this.#generation += 1;
    const revision = `${this.name}-${String(this.#generation).padStart(5, '0')}`;
    const child = await this.#deps.launch(this.topology, revision, script);
    this.#script = script;
    if (this.#stopped) {
      await child.stop(STOP_GRACE_MS);
      return;
    }
    const old = this.#instance;
    const origin = `http://127.0.0.1:${child.port}`;
    const pool = new Pool(origin, {
      connections: CONNECTIONS_MAX,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      // The request limit is the service's timeoutSeconds, kept by whoever sends.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const instance: Instance = { child, origin, pool, revision };
    this.#instance = instance;
    this.#wakeAll();
    void child.exited.then((how) => this.#afterExit(instance, how));
    // The switch is done; what the old one still does need not hold anybody up.
    if (old !== null) this.#retiring = Promise.all([this.#retiring, retire(old)]);
  }

  /** Waits for a place and a process, until the signal ends it. */
  async lease(signal: AbortSignal): Promise<Lease | Refusal> {
    const entered = this.gate.enter(signal);
    if (!(typeof entered === 'boolean' ? entered : await entered)) {
      return signal.aborted ? 'late' : 'overflow';
    }
    const instance = this.#instance ?? (await this.#nextInstance(signal));
    if (instance === null) {
      this.gate.leave();
      return signal.aborted ? 'late' : 'unavailable';
    }
    let held = true;
    return {
      instance,
      release: () => {
        if (held) this.gate.leave();
        held = false;
      },
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const instance = this.#instance;
    this.#instance = null;
    this.#wakeAll();
    await Promise.all([this.#retiring, instance === null ? null : retire(instance)]);
  }

  /** Like the activator: a request waits for a process that is on its way. */
  async #nextInstance(signal: AbortSignal): Promise<Instance | null> {
    if (this.#stopped || signal.aborted) return null;
    await new Promise<void>((done) => {
      const wake = (): void => {
        signal.removeEventListener('abort', giveUp);
        done();
      };
      const giveUp = (): void => {
        this.#awaiting.delete(wake);
        done();
      };
      this.#awaiting.add(wake);
      signal.addEventListener('abort', giveUp, { once: true });
    });
    return this.#instance;
  }

  #wakeAll(): void {
    const awaiting = [...this.#awaiting];
    this.#awaiting.clear();
    for (const wake of awaiting) wake();
  }

  async #afterExit(instance: Instance, how: string): Promise<void> {
    if (this.#instance !== instance) return;
    this.#instance = null;
    await instance.pool.destroy();
    if (this.#stopped) return;
    const livedMs = Date.now() - instance.child.startedAtMs;
    this.#deps.onNotice('error', `process ${instance.child.pid} ended: ${how}`);
    await this.#restart(livedMs);
  }

  async #restart(livedMs: number): Promise<void> {
    let lived = livedMs;
    while (!this.#stopped && this.#instance === null) {
      const waitMs = this.#backoff.nextMs(lived);
      await new Promise((done) => setTimeout(done, waitMs).unref());
      const startedAtMs = Date.now();
      this.restarts += 1;
      try {
        // A new version may have come in while we waited.
        if (!this.isStopped() && this.instance === null) await this.roll(this.#script);
      } catch (error) {
        lived = Date.now() - startedAtMs;
        this.#deps.onNotice('error', 'does not start', error);
      }
    }
  }

  state(): ServiceState {
    const instance = this.#instance;
    return {
      name: this.name,
      target: this.topology.target,
      revision: instance?.revision ?? null,
      pid: instance?.child.pid ?? null,
      address: instance?.origin.replace('http://', '') ?? null,
      clusterLocal: this.topology.clusterLocal,
      active: this.gate.active,
      waiting: this.gate.waiting,
      restarts: this.restarts,
    };
  }

  isStopped(): boolean {
    return this.#stopped;
  }
}

/** Lets requests in flight finish, then ends the process. */
async function retire(instance: Instance): Promise<void> {
  const drained = instance.pool.close();
  await instance.child.stop(STOP_GRACE_MS);
  await Promise.race([drained, instance.pool.destroy()]);
}
