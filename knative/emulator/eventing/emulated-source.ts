// One KafkaSource with its consumers, and what can befall it as a whole: stopped, taken over by
// another dispatcher, killed before it has committed.
import type { SourceTopology } from '../../manifests/topology.ts';
import type { SourceConsumer } from '../kafka-source/source.ts';

export const SOURCE_ACTIONS = ['stop', 'resume', 'rebalance', 'crash'] as const;
export type SourceAction = (typeof SOURCE_ACTIONS)[number];

export interface SourceState {
  readonly name: string;
  readonly state: 'running' | 'stopped';
  readonly consumers: number;
  readonly inFlight: number;
}

export class EmulatedSource {
  readonly topology: SourceTopology;
  readonly #make: () => SourceConsumer;
  #consumers: SourceConsumer[] = [];
  #stopped = true;
  /** One action after the other: each leaves the source as the next expects it. */
  #acting: Promise<unknown> = Promise.resolve();

  constructor(topology: SourceTopology, make: () => SourceConsumer) {
    this.topology = topology;
    this.#make = make;
  }

  state(): SourceState {
    return {
      name: this.topology.name,
      state: this.#stopped ? 'stopped' : 'running',
      consumers: this.#consumers.length,
      inFlight: this.#consumers.reduce((sum, each) => sum + each.inFlight, 0),
    };
  }

  /** Requests in flight may finish, and what is done is committed. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      this.#stopped = true;
      await Promise.all(this.#consumers.splice(0).map((each) => each.stop()));
    });
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#stopped) return;
      this.#stopped = false;
      await this.#startConsumers();
    });
  }

  /**
   * Another dispatcher joins and one of the old leaves with requests still in flight: their results
   * are ignored, and the records are delivered again. False when the source is stopped.
   */
  rebalance(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#stopped) return false;
      const fresh = this.#make();
      await fresh.start();
      const old = this.#consumers.shift();
      this.#consumers.push(fresh);
      await old?.leave();
      return true;
    });
  }

  /** The dispatcher dies and starts again: what it had not committed comes again. */
  crash(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#stopped) return false;
      await Promise.all(this.#consumers.splice(0).map((each) => each.crash()));
      await this.#startConsumers();
      return true;
    });
  }

  async #startConsumers(): Promise<void> {
    this.#consumers = Array.from({ length: this.topology.consumers }, this.#make);
    await Promise.all(this.#consumers.map((each) => each.start()));
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#acting.then(work);
    // Whoever asked hears of the failure; the next action must not.
    this.#acting = done.catch(() => undefined);
    return done;
  }
}
