// Faults of a function, put in where queue-proxy would stand.
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { REQUEST_FAULTS, type FaultPlan } from '../service/faults.ts';
import type { EmulatedService } from '../service/service.ts';
import { sendRefusal } from './refusal.ts';

/**
 * What a fault leaves to do: nothing, the request as usual, or the request and then a crash or a
 * broken connection in place of the answer.
 */
export type FaultEffect = 'over' | 'forward' | 'crash' | 'drop';

/** Applies the function's next fault, if any. */
export async function applyFault(
  faults: FaultPlan,
  service: EmulatedService,
  res: ServerResponse,
  request: { readonly path: string; readonly requestId: string },
): Promise<FaultEffect> {
  const fault = faults.take(service.name, REQUEST_FAULTS);
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
    case 'drop':
      if (fault.when === 'after') return 'drop';
      res.destroy();
      return 'over';
  }
}
