// Sends events to a function through the same gate as requests. Faults of the function and of the
// source are put in here.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Target } from '../kafka-source/deliver.ts';
import { eventHeaders, type HttpEvent } from '../kafka-source/event.ts';
import { REQUEST_FAULTS, type FaultPlan } from '../service/faults.ts';
import type { EmulatedService, Instance } from '../service/service.ts';
import { limitTime } from '../service/time-limit.ts';

const DROPPED = 'a fault put in: the connection was dropped';
/** Longer than any limit that ends it. */
const FOREVER_MS = 2 ** 31 - 1;

export interface ServiceTargetOptions {
  readonly service: EmulatedService;
  /** The sink's address, and the path in it that events are posted to. */
  readonly uri: string;
  readonly path: string;
  readonly sourceName: string;
  readonly sourceNamespace: string;
  readonly faults: FaultPlan;
}

export class ServiceTarget implements Target {
  readonly uri: string;
  readonly #options: ServiceTargetOptions;

  constructor(options: ServiceTargetOptions) {
    this.#options = options;
    this.uri = options.uri;
  }

  /** `signal` is the source's own limit; queue-proxy answers 504 after `timeoutSeconds`. */
  async send(event: HttpEvent, signal: AbortSignal): Promise<Answer> {
    const { service } = this.#options;
    const limit = limitTime(service.topology.timeoutMs, signal);
    try {
      return await this.#sendWithin(event, limit.signal);
    } catch (cause) {
      if (!limit.isOver()) throw cause;
      const seconds = service.topology.timeoutMs / 1000;
      return plainAnswer(504, `timeoutSeconds (${seconds}) is over`);
    } finally {
      limit.end();
    }
  }

  async #sendWithin(event: HttpEvent, signal: AbortSignal): Promise<Answer> {
    const { service, faults, sourceName } = this.#options;
    const fault =
      faults.take(sourceName, REQUEST_FAULTS) ?? faults.take(service.name, REQUEST_FAULTS);
    if (fault?.kind === 'error') return plainAnswer(fault.status, 'a fault put in');
    if (fault?.kind === 'timeout') await sleep(FOREVER_MS, undefined, { signal });
    if (fault?.kind === 'delay') await sleep(fault.delayMs, undefined, { signal });
    if (fault?.kind === 'drop' && fault.when === 'before') throw new Error(DROPPED);
    const lease = await service.lease(signal);
    switch (lease) {
      case 'overflow':
        return plainAnswer(503, 'the queue of the function is full');
      case 'unavailable':
        return plainAnswer(503, 'the function is down');
      case 'late':
        throw new Error('the function was not free in time');
    }
    try {
      const answer = await this.#post(lease.instance, event, signal);
      if (fault?.kind === 'drop') throw new Error(DROPPED);
      if (fault?.kind !== 'crash') return answer;
      lease.instance.child.kill();
      throw new Error('a fault put in: the function was killed before its answer counted');
    } finally {
      lease.release();
    }
  }

  async #post(instance: Instance, event: HttpEvent, signal: AbortSignal): Promise<Answer> {
    const { path, service, sourceNamespace } = this.#options;
    const response = await instance.pool.request({
      method: 'POST',
      path,
      headers: {
        host: `${service.name}.${service.topology.namespace}.svc.cluster.local`,
        ...eventHeaders(event, sourceNamespace),
      },
      body: event.body,
      signal,
    });
    const body = Buffer.from(await response.body.arrayBuffer());
    return { status: response.statusCode, headers: flatHeaders(response.headers), body };
  }
}

function flatHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

function plainAnswer(status: number, text: string): Answer {
  return { status, headers: {}, body: Buffer.from(text) };
}
