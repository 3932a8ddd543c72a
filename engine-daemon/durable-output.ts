// An output of the engine that is in the log.
import type { OutgoingRecord } from '../shared/bus/bus.ts';
import type { Executions } from '../shared/events/executions.ts';

export interface DurableOutput {
  readonly output: Executions;
  /** What it became: more than one record when it was too big for one. */
  readonly records: readonly OutgoingRecord[];
}
