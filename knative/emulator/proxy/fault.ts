// Faults of a function, put in where queue-proxy would stand.
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultPlan } from '../service/faults.ts';
import type { EmulatedService } from '../service/service.ts';
import { sendRefusal } from './refusal.ts';

/** What a fault leaves to do: nothing, the request as usual, or the request and then a crash. */
export type FaultEffect = 'over' | 'forward' | 'crash';

/** Applies the function's next fault, if any. */
export async function applyFault(
  faults: FaultPlan,
  service: EmulatedService,
  res: ServerResponse,
  request: { readonly path: string; readonly requestId: string },
): Promise<FaultEffect> {
  const fault = faults.take(service.name, ['delay', 'error', 'timeout', 'crash']);
  if (fault === null) return 'forward';
  switch (fault.kind) {
    case 'delay':
      await sleep(fault.delayMs);
      return 'forward';
    case 'error':
      sendRefusal(res, {
        ...request,
        code: 'SERVICE_UNAVAILABLE',
        detail: 'a fault put in',
        status: fault.status,
      });
      return 'over';
    case 'timeout':
      await sleep(service.topology.timeoutMs);
      sendRefusal(res, {
        ...request,
        code: 'SERVICE_UNAVAILABLE',
        detail: 'a fault put in: timeout',
        status: 504,
      });
      return 'over';
    case 'crash':
      return 'crash';
    case 'duplicate':
      return 'forward';
  }
}
