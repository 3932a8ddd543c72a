// The engine process of one shard: never two at a time, started again when it ends.
import type { Child } from '../process/child.ts';
import { RestartBackoff } from '../process/restart.ts';

const STOP_GRACE_MS = 30_000;

export interface EngineDeps {
  readonly launch: (shard: number, script: string) => Promise<Child>;
  readonly onNotice: (level: 'info' | 'warn' | 'error', message: string, error?: unknown) => void;
}

export class EmulatedEngine {
  readonly shard: number;
  readonly #deps: EngineDeps;
  readonly #backoff = new RestartBackoff();
  #child: Child | null = null;
  #script = '';
  #stopped = false;
  #replacing = false;
  restarts = 0;

  constructor(shard: number, deps: EngineDeps) {
    this.shard = shard;
    this.#deps = deps;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async start(script: string): Promise<void> {
    const child = await this.#deps.launch(this.shard, script);
    this.#script = script;
    if (this.isStopped()) return child.stop(STOP_GRACE_MS);
    this.#child = child;
    void child.exited.then((how) => this.#afterExit(child, how));
  }

  /** Stops the present process, with its snapshot, and starts the new code; or the old again. */
  async replace(script: string): Promise<void> {
    const old = this.#script;
    this.#replacing = true;
    try {
      await this.#child?.stop(STOP_GRACE_MS);
      this.#child = null;
      await this.start(script);
    } catch (error) {
      await this.start(old);
      throw error;
    } finally {
      this.#replacing = false;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#child?.stop(STOP_GRACE_MS);
  }

  isStopped(): boolean {
    return this.#stopped;
  }

  kill(): void {
    this.#child?.kill();
  }

  async #afterExit(child: Child, how: string): Promise<void> {
    if (this.#child !== child) return;
    this.#child = null;
    if (this.#stopped || this.#replacing) return;
    this.#deps.onNotice('error', `process ${child.pid} ended: ${how}`);
    let livedMs = Date.now() - child.startedAtMs;
    while (!this.isStopped() && this.pid === null) {
      const waitMs = this.#backoff.nextMs(livedMs);
      await new Promise((done) => setTimeout(done, waitMs).unref());
      if (this.isStopped()) return;
      const startedAtMs = Date.now();
      this.restarts += 1;
      try {
        await this.start(this.#script);
      } catch (error) {
        livedMs = Date.now() - startedAtMs;
        this.#deps.onNotice('error', 'does not start', error);
      }
    }
  }
}
