// What the clients saw: every request and its end, on disk as it happens and in memory for the
// judgement. `fail` is a refusal and has no effect, `info` is an unknown end.
import { closeSync, openSync, writeSync } from 'node:fs';

export type Phase = 'invoke' | 'ok' | 'fail' | 'info';
export type RequestKind =
  'place' | 'place_list' | 'cancel' | 'cancel_list' | 'amend' | 'cancel_all' | 'cancel_all_after';

export interface HistoryLine {
  readonly client: number;
  /** Counts the requests of one client; a repeat of an order is a request of its own. */
  readonly request: number;
  readonly phase: Phase;
  readonly kind: RequestKind;
  /** The client's name for the order, or for the list. */
  readonly clientOrderId: string | null;
  readonly status: number | null;
  readonly code: string | null;
  /** Of the order, or of the list. */
  readonly orderId: string | null;
  /** Of the orders of a list that was accepted, as they were asked for. */
  readonly listed?: readonly string[];
}

/** What is known of whatever has one name and may be asked for more than once. */
interface Asked {
  readonly userNumber: number;
  /** Ids that were acknowledged: more than one would be two under one name. */
  readonly ids: Set<string>;
  attempts: number;
  fails: number;
  infos: number;
}

/** All that is known of one order, by the name that its client gave it. */
export interface OrderHistory extends Asked {
  readonly clientOrderId: string;
}

/** All that is known of one order list. Its orders have histories of their own. */
export interface ListHistory extends Asked {
  readonly clientListId: string;
  readonly orders: readonly OrderHistory[];
}

export type Verdict = 'ok' | 'fail' | 'info';

/** Buffered lines are written when this many have come together, and at the end. */
const LINES_PER_WRITE = 200;

export class History {
  readonly orders = new Map<string, OrderHistory>();
  readonly lists = new Map<string, ListHistory>();
  readonly counts: Record<Phase, number> = { invoke: 0, ok: 0, fail: 0, info: 0 };
  /** Codes of refusals, to show that the invalid orders were refused for their reason. */
  readonly refusals = new Map<string, number>();
  readonly #handle: number;
  #lines: string[] = [];

  constructor(file: string) {
    this.#handle = openSync(file, 'a');
  }

  invokeOrder(clientOrderId: string, userNumber: number): void {
    const order = this.#order(clientOrderId, userNumber);
    order.attempts += 1;
  }

  /** The answer to a list is the answer to each of its orders: all are accepted, or none is. */
  invokeList(clientListId: string, orderNames: readonly string[], userNumber: number): void {
    for (const name of orderNames) this.invokeOrder(name, userNumber);
    const orders = orderNames.map((name) => this.#order(name, userNumber));
    const list = this.lists.get(clientListId) ?? { clientListId, orders, ...nothing(userNumber) };
    this.lists.set(clientListId, list);
    list.attempts += 1;
  }

  note(line: HistoryLine): void {
    this.counts[line.phase] += 1;
    if (line.code !== null) this.refusals.set(line.code, (this.refusals.get(line.code) ?? 0) + 1);
    this.#learn(line);
    this.#lines.push(JSON.stringify({ atMs: Math.round(performance.now()), ...line }));
    if (this.#lines.length >= LINES_PER_WRITE) this.flush();
  }

  /** Orders that a client was told are accepted. */
  get acknowledged(): number {
    let count = 0;
    for (const order of this.orders.values()) if (order.ids.size > 0) count += 1;
    return count;
  }

  flush(): void {
    if (this.#lines.length > 0) writeSync(this.#handle, `${this.#lines.join('\n')}\n`);
    this.#lines = [];
  }

  close(): void {
    this.flush();
    closeSync(this.#handle);
  }

  #learn(line: HistoryLine): void {
    const { kind, phase, clientOrderId, orderId, listed = [] } = line;
    if (clientOrderId === null) return;
    if (kind === 'place') learn(this.orders.get(clientOrderId), phase, orderId);
    if (kind !== 'place_list') return;
    const list = this.lists.get(clientOrderId);
    learn(list, phase, orderId);
    list?.orders.forEach((order, at) => learn(order, phase, listed[at] ?? null));
  }

  #order(clientOrderId: string, userNumber: number): OrderHistory {
    const known = this.orders.get(clientOrderId);
    if (known !== undefined) return known;
    const order = { clientOrderId, ...nothing(userNumber) };
    this.orders.set(clientOrderId, order);
    return order;
  }
}

function nothing(userNumber: number): Asked {
  return { userNumber, ids: new Set(), attempts: 0, fails: 0, infos: 0 };
}

function learn(asked: Asked | undefined, phase: Phase, id: string | null): void {
  if (asked === undefined) return;
  if (phase === 'ok' && id !== null) asked.ids.add(id);
  if (phase === 'fail') asked.fails += 1;
  if (phase === 'info') asked.infos += 1;
}

/** One acknowledgement makes it ok; an attempt without an end leaves it open, whatever followed. */
export function verdictOf({ ids, fails, attempts }: Asked): Verdict {
  if (ids.size > 0) return 'ok';
  return fails < attempts ? 'info' : 'fail';
}
