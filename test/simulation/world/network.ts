// Requests and answers between processes and servers: they take time, get lost, come twice, or do
// not pass because the link is cut. Who asks learns of a loss only by an error, after a while.
import type { Faults } from './faults.ts';
import type { SimulatedProcess } from './process.ts';
import type { World } from './world.ts';

/** After which a lost request or answer ends as an error at the asker. */
const LOSS_NOTICED_MS_MAX = 400;
const DELAY_MS_MAX = 800;

/** The answer did not come: what was asked for may have happened or not. */
export class ConnectionLost extends Error {
  readonly code = 'ECONNRESET';

  constructor(what: string) {
    super(`Connection terminated unexpectedly: ${what}`);
  }
}

export interface Exchange<Answer> {
  readonly asker: SimulatedProcess;
  /** Name of the server or service, as links are cut by it. */
  readonly server: string;
  readonly label: string;
  /** The process that answers; null for servers outside the processes. */
  readonly answerer: SimulatedProcess | null;
  /** Carries out the request at the server; `answer` may be called once, at any time. */
  readonly serve: (answer: (answer: Answer) => void, refuse: (error: Error) => void) => void;
  /** The request may be carried out twice, as by a proxy that repeats it; told when it is. */
  readonly onRepeat?: () => void;
}

export class Network {
  readonly #world: World;
  readonly #faults: Faults;
  readonly #latencyMs: number;
  /** Links that are cut, `process>server` or `process<server`, until when. */
  readonly #cuts = new Map<string, number>();

  constructor(world: World, faults: Faults) {
    this.#world = world;
    this.#faults = faults;
    this.#latencyMs = 0.1 + world.random.fraction() * 2;
  }

  /** Cuts one direction of a link: requests (`>`) or answers (`<`). */
  cut(process: string, direction: '>' | '<', server: string, forMs: number): void {
    this.#cuts.set(`${process}${direction}${server}`, this.#world.nowMs + forMs);
  }

  heal(): void {
    this.#cuts.clear();
  }

  delayMs(): number {
    const { random } = this.#world;
    const usual = 0.05 + random.exponential(this.#latencyMs);
    return this.#faults.strikes('message delayed')
      ? usual + random.fraction() * DELAY_MS_MAX
      : usual;
  }

  ask<Answer>(exchange: Exchange<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { asker, answerer, server, label } = exchange;
      let isOver = false;
      const lose = (afterMs: number): void =>
        this.#world.schedule(afterMs, asker, `${label} lost`, () => {
          isOver = true;
          reject(new ConnectionLost(label));
        });
      if (answerer?.isAlive === false || this.#isCut(asker, '>', server)) {
        lose(this.#lossMs());
        return;
      }
      if (this.#faults.strikes('request lost')) {
        lose(this.#lossMs());
        return;
      }
      const connected = answerer?.onKilled(() => lose(this.delayMs())) ?? null;
      const back = (answered: () => void): void => {
        connected?.();
        if (this.#isCut(asker, '<', server) || this.#faults.strikes('answer lost')) {
          lose(this.#lossMs());
          return;
        }
        this.#world.schedule(this.delayMs(), asker, `${label} answered`, () => {
          if (!isOver) answered();
        });
      };
      const deliver = (): void =>
        exchange.serve(
          (answer) => back(() => resolve(answer)),
          (error) => back(() => reject(error)),
        );
      this.#world.schedule(this.delayMs(), answerer, label, deliver);
      const { onRepeat } = exchange;
      if (onRepeat !== undefined && this.#faults.strikes('request duplicated')) {
        onRepeat();
        this.#world.schedule(this.delayMs(), answerer, label, deliver);
      }
    });
  }

  #lossMs(): number {
    return 1 + this.#world.random.fraction() * LOSS_NOTICED_MS_MAX;
  }

  #isCut(asker: SimulatedProcess, direction: '>' | '<', server: string): boolean {
    return (this.#cuts.get(`${asker.name}${direction}${server}`) ?? 0) > this.#world.nowMs;
  }
}
