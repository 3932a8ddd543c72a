// What happened since the event buffer was last cleared, as wire events.
import { assert } from '../../shared/domain/failure.ts';
import type { ExecutionEvent } from '../../shared/events/executions.ts';
import { CONFIGURED, ROW_DOUBLES } from './event-rows.ts';
import type { MarketBook } from './market-book.ts';
import type { MarketRules } from './market-rules.ts';
import { RowReader } from './row-reader.ts';

/** Events that were decided under the same rules, in sequence. */
export interface EventRun {
  /** Null before the market was ever configured. */
  readonly rules: MarketRules | null;
  readonly events: ExecutionEvent[];
}

/** The events since the last `clear`. */
export function decodeEvents(book: MarketBook): ExecutionEvent[] {
  return decodeRuns(book).flatMap((run) => run.events);
}

/** The same, cut wherever the market was configured: a `configured` event begins a new run. */
export function decodeRuns(book: MarketBook): EventRun[] {
  const buffer = book.events;
  let run: EventRun = { rules: buffer.rulesAtStart, events: [] };
  const runs = [run];
  const reader = new RowReader(book.market, buffer);
  let changes = 0;
  for (let at = 0; at < buffer.length;) {
    const kind = buffer.data[at] as number;
    if (kind === CONFIGURED) {
      const rules = buffer.rulesChanges[changes];
      assert(rules !== undefined, 'a configured event has lost its rules');
      changes += 1;
      run = { rules, events: [] };
      runs.push(run);
    }
    const event = reader.read(at, run.rules);
    if (buffer.sharedHolds.size > 0) reader.nameHolds(at, event);
    run.events.push(event);
    at += ROW_DOUBLES[kind] ?? Number.POSITIVE_INFINITY;
  }
  return runs.filter(({ events }) => events.length > 0);
}
