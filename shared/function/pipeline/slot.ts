// A slot among the requests in flight.
import type { Runtime } from './runtime.ts';

/**
 * Runs a handler with its slot held until it truly ends: a deadline frees the caller, not the slot.
 */
export async function holdSlot<Deps, Value>(
  runtime: Runtime<Deps>,
  run: () => Promise<Value>,
): Promise<Value> {
  runtime.inFlight += 1;
  runtime.instruments.inFlight.set(runtime.inFlight);
  try {
    return await run();
  } finally {
    runtime.inFlight -= 1;
    runtime.instruments.inFlight.set(runtime.inFlight);
  }
}
