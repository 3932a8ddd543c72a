// One process of the exchange and what the supervisor does with it: starts it, and starts it again
// after it has died, some time later.
import { SimulatedProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';

export interface RoleOptions {
  readonly name: string;
  /** What the process does from its first line on; a rejection ends it. */
  readonly boot: (process: SimulatedProcess, role: Role) => Promise<void>;
  readonly restartMsMax: number;
}

export class Role {
  readonly name: string;
  /** The run that is alive, or was last. */
  process: SimulatedProcess;
  starts = 0;
  /** What the wall clock of the role's machine shows beyond the true time. */
  clockSkewMs = 0;
  readonly #world: World;
  readonly #options: RoleOptions;
  #isStarting = false;

  constructor(world: World, options: RoleOptions) {
    this.#world = world;
    this.#options = options;
    this.name = options.name;
    this.process = new SimulatedProcess(options.name);
    this.process.isAlive = false;
  }

  start(): void {
    this.starts += 1;
    const process = new SimulatedProcess(this.name, this.clockSkewMs);
    this.process = process;
    this.run(process);
  }

  /** Runs the role's program in a process; beside the one that the supervisor knows, if need be. */
  run(process: SimulatedProcess): void {
    this.#world.schedule(0, process, 'boot', () => {
      this.#options.boot(process, this).catch((error: unknown) => this.ended(process, error));
    });
  }

  skewClock(skewMs: number): void {
    this.clockSkewMs = skewMs;
    this.process.clockSkewMs = skewMs;
  }

  /** Kills what runs; the supervisor starts it again. */
  crash(): void {
    this.process.kill();
    this.restartSoon();
  }

  restartSoon(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    const afterMs = 1 + this.#world.random.fraction() * this.#options.restartMsMax;
    this.#world.schedule(afterMs, null, `restart ${this.name}`, () => {
      this.#isStarting = false;
      if (!this.process.isAlive) this.start();
    });
  }

  /** A process has ended by itself, with an error. */
  ended(process: SimulatedProcess, error: unknown): void {
    this.#world.note(`${this.name} ended: ${String(error)}`);
    process.kill();
    if (process === this.process) this.restartSoon();
  }
}
