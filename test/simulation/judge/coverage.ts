// What happened over all runs of a session, against what must have happened: faults by kind, and
// order types by outcome. A session in which one is missing proves nothing about it.
import type { OrderStory } from '../../audit/order-stories.ts';
import type { Replay } from '../../audit/replay.ts';
import { ORDERS } from '../store/orders-statements.ts';
import type { Tables } from '../store/tables.ts';
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
  'refused ORDER_CANCEL_CONDITION_UNMET',
  'limit GTC cancelled ORDER_REPLACED',
  'limit GTC rejected ORDER_REPLACE_CANCEL_FAILED',
  'limit GTC cancelled ORDER_CANCELLED_BY_DEADMAN',
  ...['opened', 'traded', 'filled'].map((outcome) => `iceberg ${outcome}`),
  ...['opened', 'traded', 'expired ORDER_EXPIRED'].map((outcome) => `day ${outcome}`),
  ...['armed', 'triggered', 'traded'].map((outcome) => `trailing ${outcome}`),
  ...['pegged', 'opened', 'traded', 'rejected ORDER_PEG_REFERENCE_NONE'].map(
    (outcome) => `pegged ${outcome}`,
  ),
  ...['oco', 'oto', 'otoco'].map((kind) => `list ${kind}`),
  ...['pair', 'pending'].flatMap((role) =>
    [
      ...['armed', 'triggered', 'opened', 'traded', 'filled'],
      ...['cancelled ORDER_CANCELLED_BY_LIST', 'cancelled ORDER_CANCELLED_BY_USER'],
    ].map((outcome) => `${role} ${outcome}`),
  ),
  ...['filled', 'cancelled ORDER_CANCELLED_BY_LIST', 'cancelled ORDER_CANCELLED_BY_USER'].map(
    (outcome) => `working ${outcome}`,
  ),
];

const CHANGES = ['opened', 'pegged', 'armed', 'triggered', 'amended', 'reduced'] as const;

export class Coverage {
  readonly counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  addFaults(faults: ReadonlyMap<string, number>): void {
    for (const [kind, count] of faults) this.add(`fault: ${kind}`, count);
  }

  addOutcomes(replay: Replay, tables: Tables): void {
    for (const story of replay.orders.all()) {
      const { changes, ends, trades } = story;
      const outcomes = CHANGES.filter((kind) => changes.some(({ event }) => event.kind === kind));
      const all = [
        ...outcomes,
        ...(trades.length > 0 ? ['traded'] : []),
        ...ends.map(({ status, reason }) => (reason === null ? status : `${status} ${reason}`)),
      ];
      for (const name of namesOf(story, tables)) {
        for (const outcome of all) this.add(`${name} ${outcome}`);
      }
    }
    for (const { kind } of replay.orders.lists.values()) this.add(`list ${kind}`);
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

/** What an order counts as: its type, and each kind that it is besides. */
function namesOf({ list, number, place }: OrderStory, tables: Tables): string[] {
  const sized = place.quoteBudgetMinor === null ? place.type : 'quote';
  // To the engine it is good until a time like any other.
  const isDay = tables.rows(ORDERS).get(String(number))?.['isDay'] === true;
  const names: readonly (readonly [name: string, fits: boolean])[] = [
    ['day', isDay],
    ['iceberg', place.displayLots !== undefined],
    ['trailing', place.trigger?.kind === 'trailing_stop'],
    ['pegged', place.peg !== undefined],
    ['pair', list?.isPair === true],
    ['pending', list?.isPending === true],
    ['working', list !== null && !list.isPair && !list.isPending],
  ];
  const fitting = names.filter(([, fits]) => fits).map(([name]) => name);
  return [`${sized} ${place.timeInForce}`, ...fitting];
}
