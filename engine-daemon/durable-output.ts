// What the engine did that is in the log now.
import type { OutgoingRecord } from '../shared/bus/bus.ts';
import type { Executions } from '../shared/events/executions.ts';

export interface DurableOutput {
  /** The outputs of a market come in sequence. */
  readonly outputs: readonly Executions[];
  /** What they became. */
  readonly records: readonly OutgoingRecord[];
}
