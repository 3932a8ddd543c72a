// HTTP between the simulated processes: what a service's address answers with is one of its living
// instances, through the very pipeline of the functions.
import type { Caller } from '../../../shared/domain/caller.ts';
import type { FunctionDefinition } from '../../../shared/function/definition.ts';
import { answerCall } from '../../../shared/function/pipeline/answer.ts';
import { createRuntime } from '../../../shared/function/pipeline/runtime.ts';
import type { Answer } from '../../../shared/function/pipeline/wire.ts';
import { reject } from '../../../shared/domain/rejection.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { MetricsRegistry } from '../../../shared/telemetry/metrics/registry.ts';
import type { Network } from '../world/network.ts';
import type { SimulatedProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';

export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly caller?: Caller;
}

interface Instance {
  readonly process: SimulatedProcess;
  readonly answer: (call: HttpCall) => Promise<Answer>;
}

const NO_INSTANCE: Answer = { status: 503, headers: {}, body: undefined };

export class Http {
  readonly #world: World;
  readonly #network: Network;
  readonly #instances = new Map<string, Set<Instance>>();

  constructor(world: World, network: Network) {
    this.#world = world;
    this.#network = network;
  }

  /** From now on the process answers for the service, until it dies. */
  serve<Deps>(
    service: string,
    process: SimulatedProcess,
    definition: FunctionDefinition<Deps>,
    deps: Deps,
  ): void {
    const runtime = createRuntime({
      definition,
      deps,
      authenticate: () => reject('TOKEN_MISSING'),
      log: silentLogger(),
      metrics: new MetricsRegistry(),
    });
    const instance: Instance = {
      process,
      answer: (call) =>
        answerCall(runtime, {
          method: call.method,
          target: call.path,
          headers: call.headers,
          readBody: () => call.body,
          ...(call.caller === undefined ? {} : { knownCaller: call.caller }),
        }),
    };
    const instances = this.#instances.get(service) ?? new Set();
    this.#instances.set(service, instances.add(instance));
    process.onKilled(() => instances.delete(instance));
  }

  /** Rejects when no answer came: the request may have been carried out or not. */
  async call(
    asker: SimulatedProcess,
    service: string,
    call: HttpCall,
    onRepeat: () => void,
  ): Promise<Answer> {
    const instance = this.#world.random.pick([...(this.#instances.get(service) ?? [])]);
    if (instance === undefined) return NO_INSTANCE;
    return this.#network.ask<Answer>({
      asker,
      answerer: instance.process,
      server: service,
      label: `${call.method} ${service}`,
      onRepeat,
      serve: (answer, refuse) => {
        instance.answer(call).then(answer, refuse);
      },
    });
  }
}
