// Which batches of a run have come before, under the same name: in an earlier transaction, or
// earlier in this one.
import { reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { repeatOf, resultsOf } from '../decide/batch-keys.ts';
import type { Decision } from '../decide/draft.ts';
import type { KnownBatch } from '../store/batch-keys.ts';
import type { BatchKey, Request } from './request.ts';

export type Decisions = readonly Decision[] | Rejection;

export class NamedBatches {
  readonly #known: ReadonlyMap<string, KnownBatch>;
  readonly #fresh: readonly Request[];
  readonly #decided = new Map<Request, readonly Decision[]>();

  constructor(requests: readonly Request[], known: readonly KnownBatch[]) {
    this.#known = new Map(known.map((batch) => [nameOf(batch), batch]));
    const seen = new Set<string>();
    this.#fresh = requests.filter(({ batchKey }) => {
      if (batchKey === null) return true;
      const name = nameOf(batchKey);
      if (this.#known.has(name) || seen.has(name)) return false;
      seen.add(name);
      return true;
    });
  }

  /** What is to be decided, in order: everything but repeats. */
  get fresh(): readonly Request[] {
    return this.#fresh;
  }

  /** Takes the decisions on all intents of the fresh requests; answers what is to be remembered. */
  learn(decisions: readonly Decision[]): KnownBatch[] {
    let from = 0;
    return this.#fresh.flatMap((request) => {
      const own = decisions.slice(from, from + request.intents.length);
      from += own.length;
      this.#decided.set(request, own);
      const results = request.batchKey === null ? null : resultsOf(own);
      return request.batchKey === null || results === null
        ? []
        : [{ ...request.batchKey, results }];
    });
  }

  /** The decisions on any of the requests, in the order of its intents. */
  decisionsOf(request: Request): Decisions {
    const own = this.#decided.get(request);
    if (own !== undefined) return own;
    const { batchKey } = request;
    const first = batchKey === null ? undefined : this.#firstOf(batchKey);
    if (first === undefined) throw new Error('a request was not decided');
    return first.requestHash === batchKey?.requestHash
      ? first.decisions
      : reject('IDEMPOTENCY_KEY_REUSED');
  }

  #firstOf(key: BatchKey): { requestHash: string; decisions: readonly Decision[] } | undefined {
    const name = nameOf(key);
    const known = this.#known.get(name);
    if (known !== undefined) {
      return { requestHash: known.requestHash, decisions: repeatOf(known.results) };
    }
    for (const [{ batchKey }, decisions] of this.#decided) {
      if (batchKey === null || nameOf(batchKey) !== name) continue;
      const results = resultsOf(decisions);
      const again = results === null ? decisions : repeatOf(results);
      return { requestHash: batchKey.requestHash, decisions: again };
    }
    return undefined;
  }
}

function nameOf({ userNumber, key }: { readonly userNumber: number; readonly key: string }) {
  return `${userNumber} ${key}`;
}
