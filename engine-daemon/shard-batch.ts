// What a batch did to the markets of a shard: applies commands to the core and hands over, one
// market after the other, the events and the levels that changed.
import type { MarketId } from '../shared/domain/ids.ts';
import type { MarketCommand } from '../shared/events/commands.ts';
import type { ExecutionEvent, Executions } from '../shared/events/executions.ts';
import { decodeRuns, type EventRun } from './core/facts.ts';
import type { MarketBook } from './core/market-book.ts';
import type { Shard } from './core/shard.ts';

/** In the records of a market that was never configured: docs/engine.md. */
const HEAD_UNKNOWN = { base: 'XXX', quote: 'XXX', feePolicy: 'received' } as const;

type Head = Pick<Executions, 'base' | 'quote' | 'feePolicy'>;

export class ShardBatch {
  readonly #shard: Shard;
  readonly #epoch: number;
  /** Books that may have events which nobody has taken yet. */
  readonly #touched = new Set<MarketBook>();

  constructor(shard: Shard, epoch: number) {
    this.#shard = shard;
    this.#epoch = epoch;
  }

  /** Events collected since the last `takeOutputs`. */
  get eventsPending(): number {
    let count = 0;
    for (const book of this.#touched) count += book.events.count;
    return count;
  }

  applyCommands(market: MarketId, commands: readonly MarketCommand[]): void {
    for (const command of commands) this.#shard.apply(market, command);
    this.#touched.add(this.#shard.get(market));
  }

  applyTick(timeMs: number): void {
    this.#shard.tick(timeMs);
    for (const book of this.#shard.markets()) {
      if (book.events.count > 0) this.#touched.add(book);
    }
  }

  /** Hands over what was collected; the outputs of one market are in sequence. */
  takeOutputs(): Executions[] {
    const outputs: Executions[] = [];
    for (const book of this.#touched) {
      if (book.events.count === 0) continue;
      outputs.push(...outputsOf(book, this.#epoch));
    }
    this.discard();
    return outputs;
  }

  /** Forgets what was collected. */
  discard(): void {
    for (const book of this.#touched) {
      if (book.events.count === 0) continue;
      book.events.clear();
      book.clearTouched();
    }
    this.#touched.clear();
  }
}

/**
 * One output, or more when a configuration changed what stands once in a record: an event's head
 * then never depends on how the batches were cut. The levels go with the last.
 */
function outputsOf(book: MarketBook, epoch: number): Executions[] {
  const parts: { readonly head: Head; readonly events: ExecutionEvent[] }[] = [];
  for (const run of decodeRuns(book)) {
    const head = headOf(run);
    const part = parts.at(-1);
    if (part !== undefined && isSameHead(part.head, head)) {
      for (const event of run.events) part.events.push(event);
    } else {
      parts.push({ head, events: run.events });
    }
  }
  const depth = book.touchedLevels();
  return parts.map(({ head, events }, place) => ({
    market: book.market,
    ...head,
    epoch,
    firstSequence: events[0]?.sequence ?? 0,
    lastSequence: events.at(-1)?.sequence ?? 0,
    events,
    depth: place === parts.length - 1 ? depth : [],
  }));
}

function headOf(run: EventRun): Head {
  const { base, quote, feePolicy } = run.rules?.config ?? HEAD_UNKNOWN;
  return { base, quote, feePolicy };
}

function isSameHead(head: Head, other: Head): boolean {
  return (
    head.base === other.base && head.quote === other.quote && head.feePolicy === other.feePolicy
  );
}
