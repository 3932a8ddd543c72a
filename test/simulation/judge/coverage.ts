// What happened over all runs of a session, against what must have happened: faults by kind, and
// order types by outcome. A session in which one is missing proves nothing about it.
import type { Replay } from '../../audit/replay.ts';
import { FAULT_KINDS } from '../world/faults.ts';

const SHAPES = ['limit GTC', 'limit IOC', 'limit FOK', 'limit GTD', 'market IOC', 'market FOK'];
const TAKERS = [...SHAPES, 'quote IOC'];

/** Cells of order type and outcome that a session must have seen. */
const OUTCOMES: readonly string[] = [
  ...SHAPES.map((shape) => `${shape} filled`),
  ...TAKERS.map((shape) => `${shape} traded`),
  ...['limit GTC', 'limit GTD'].flatMap((shape) => [
    `${shape} opened`,
    `${shape} amended`,
    `${shape} cancelled ORDER_CANCELLED_BY_USER`,
    `${shape} rejected ORDER_POST_ONLY_WOULD_TAKE`,
  ]),
  'limit GTD expired ORDER_EXPIRED',
  'limit IOC expired ORDER_IOC_REMAINDER',
  'limit FOK expired ORDER_FOK_NOT_FILLABLE',
  'market FOK expired ORDER_FOK_NOT_FILLABLE',
  'market IOC expired ORDER_LIQUIDITY_NONE',
  'market IOC expired ORDER_PRICE_PROTECTED',
  'quote IOC filled ORDER_QUOTE_AMOUNT_REACHED',
  // A FOK order that meets its owner's is not fillable, and expires.
  ...TAKERS.filter((shape) => !shape.endsWith('FOK')).map(
    (shape) => `${shape} cancelled ORDER_SELF_TRADE_PREVENTED`,
  ),
  'limit GTC rejected MARKET_HALTED',
  'limit GTC rejected MARKET_CANCEL_ONLY',
  ...['limit GTC', 'market IOC'].flatMap((shape) => [
    `${shape} armed`,
    `${shape} triggered`,
    `${shape} rejected ORDER_TRIGGER_PRICE_REACHED`,
  ]),
  'limit GTC rejected ORDER_TRIGGER_REFERENCE_NONE',
  'limit GTC reduced',
  'refused ORDER_NOT_FOUND',
];

export class Coverage {
  readonly counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  addFaults(faults: ReadonlyMap<string, number>): void {
    for (const [kind, count] of faults) this.add(`fault: ${kind}`, count);
  }

  addOutcomes(replay: Replay): void {
    for (const { place, changes, ends, trades } of replay.orders.all()) {
      const sized = place.quoteBudgetMinor === null ? place.type : 'quote';
      const shape = `${sized} ${place.timeInForce}`;
      for (const kind of ['opened', 'armed', 'triggered', 'amended', 'reduced'] as const) {
        if (changes.some(({ event }) => event.kind === kind)) this.add(`${shape} ${kind}`);
      }
      if (trades.length > 0) this.add(`${shape} traded`);
      for (const { status, reason } of ends) {
        this.add(reason === null ? `${shape} ${status}` : `${shape} ${status} ${reason}`);
      }
    }
    for (const { events } of replay.markets.values()) {
      for (const event of events) if (event.kind === 'refused') this.add(`refused ${event.reason}`);
    }
  }

  /** What must have been seen at least that often and was not. */
  missing(leastFaults: number, leastOutcomes: number): string[] {
    const seen = (name: string): number => this.counts.get(name) ?? 0;
    return [
      ...FAULT_KINDS.map((kind) => `fault: ${kind}`).filter((name) => seen(name) < leastFaults),
      ...OUTCOMES.filter((name) => seen(name) < leastOutcomes),
    ];
  }
}
