// Sends events to a function through the same gate as requests. Faults of the function and of the
// source are put in here.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Target } from '../kafka-source/deliver.ts';
import { eventHeaders, type HttpEvent } from '../kafka-source/event.ts';
import type { FaultPlan } from '../service/faults.ts';
import type { EmulatedService, Instance } from '../service/service.ts';

export interface ServiceTargetOptions {
  readonly service: EmulatedService;
  /** `/events`, or wherever the sink's `uri` points. */
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
    const { name, topology } = options.service;
    this.uri = `http://${name}.${topology.namespace}.svc.cluster.local${options.path}`;
  }

  async send(event: HttpEvent, timeoutMs: number): Promise<Answer> {
    const { service, faults, sourceName } = this.#options;
    // Whichever limit is shorter: the source's own or the 504 of queue-proxy.
    const limitMs = Math.min(timeoutMs, service.topology.timeoutMs);
    const kinds = ['delay', 'error', 'timeout', 'crash'] as const;
    const fault = faults.take(sourceName, kinds) ?? faults.take(service.name, kinds);
    if (fault?.kind === 'error') return plainAnswer(fault.status, 'a fault put in');
    if (fault?.kind === 'timeout') {
      await sleep(limitMs);
      throw new Error(`a fault put in: no answer within ${limitMs} ms`);
    }
    if (fault?.kind === 'delay') await sleep(fault.delayMs);
    const lease = await service.lease(performance.now() + limitMs);
    if (lease === 'overflow') return plainAnswer(503, 'the queue of the function is full');
    if (lease === 'unavailable') return plainAnswer(503, 'the function is down');
    try {
      const answer = await this.#post(lease.instance, event, timeoutMs, limitMs);
      if (fault?.kind !== 'crash') return answer;
      lease.instance.child.kill();
      throw new Error('a fault put in: the function was killed before its answer counted');
    } finally {
      lease.release();
    }
  }

  async #post(
    instance: Instance,
    event: HttpEvent,
    timeoutMs: number,
    limitMs: number,
  ): Promise<Answer> {
    const { path, service, sourceNamespace } = this.#options;
    const signal = AbortSignal.timeout(limitMs);
    try {
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
    } catch (cause) {
      if (!signal.aborted) throw cause;
      if (limitMs < timeoutMs)
        return plainAnswer(504, `timeoutSeconds (${limitMs / 1000}) is over`);
      throw new Error(`no answer within ${timeoutMs} ms`, { cause });
    }
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
