// What the clients saw: every request and its end, on disk as it happens and in memory for the
// judgement. `fail` is a refusal and has no effect, `info` is an unknown end.
import { closeSync, openSync, writeSync } from 'node:fs';

export type Phase = 'invoke' | 'ok' | 'fail' | 'info';
export type RequestKind = 'place' | 'cancel' | 'amend' | 'cancel_all' | 'cancel_all_after';

export interface HistoryLine {
  readonly client: number;
  /** Counts the requests of one client; a repeat of an order is a request of its own. */
  readonly request: number;
  readonly phase: Phase;
  readonly kind: RequestKind;
  readonly clientOrderId: string | null;
  readonly status: number | null;
  readonly code: string | null;
  readonly orderId: string | null;
}

/** All that is known of one order, by the name that its client gave it. */
export interface OrderHistory {
  readonly clientOrderId: string;
  readonly userNumber: number;
  /** Ids that were acknowledged: more than one would be two orders under one name. */
  readonly orderIds: Set<string>;
  attempts: number;
  fails: number;
  infos: number;
}

export type Verdict = 'ok' | 'fail' | 'info';

/** Buffered lines are written when this many have come together, and at the end. */
const LINES_PER_WRITE = 200;

export class History {
  readonly orders = new Map<string, OrderHistory>();
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
    for (const order of this.orders.values()) if (order.orderIds.size > 0) count += 1;
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
    if (line.kind !== 'place' || line.clientOrderId === null) return;
    const order = this.orders.get(line.clientOrderId);
    if (order === undefined) return;
    if (line.phase === 'ok' && line.orderId !== null) order.orderIds.add(line.orderId);
    if (line.phase === 'fail') order.fails += 1;
    if (line.phase === 'info') order.infos += 1;
  }

  #order(clientOrderId: string, userNumber: number): OrderHistory {
    const known = this.orders.get(clientOrderId);
    if (known !== undefined) return known;
    const order = {
      clientOrderId,
      userNumber,
      orderIds: new Set<string>(),
      attempts: 0,
      fails: 0,
      infos: 0,
    };
    this.orders.set(clientOrderId, order);
    return order;
  }
}

/** One acknowledgement makes it ok; an attempt without an end leaves it open, whatever followed. */
export function verdictOf(order: OrderHistory): Verdict {
  if (order.orderIds.size > 0) return 'ok';
  return order.fails < order.attempts ? 'info' : 'fail';
}
