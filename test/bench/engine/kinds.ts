// Stops, icebergs and OCO lists beside the benchmark's flow: made once, then the same for each run.
import type {
  MarketCommand,
  PlaceCommand,
  PlaceListCommand,
} from '../../../shared/events/commands.ts';
import { makeCancel, makePlace } from './commands.ts';
import type { Flow } from './flow.ts';
import { BATCH, OurEngine } from './ours.ts';
import { makeRandom } from './random.ts';

/** Behind each tenth operation of the flow one of these orders is placed, or taken back. */
const EVERY = 10;
const WAITING_MAX = 5_000;
/** A list takes a number for each order and one for itself. */
const NUMBERS_EACH = 3;
/** Nobody of the flow: its orders and these may trade. */
const USER = 5_000;
const DISTANCE_TICKS = 400;
const QUANTITY_LOTS = 10;
const DISPLAY_LOTS = 3;

const KINDS = ['stop', 'iceberg', 'list'] as const;

interface Placed {
  readonly kind: (typeof KINDS)[number];
  readonly number: number;
  readonly side: 'buy' | 'sell';
  /** A stop is set off by a trade here, where the market moves against its owner. */
  readonly triggerTicks: number;
  readonly limitTicks: number;
}

interface TakenBack {
  readonly kind: 'cancel';
  readonly number: number;
  readonly orderNumber: number;
}

export type KindOperation = Placed | TakenBack;

/** The operation that comes behind operation `at` of the flow, or undefined. */
export function kindBehind(
  kinds: readonly KindOperation[],
  flow: Flow,
  at: number,
): KindOperation | undefined {
  const behind = at - flow.prefill + 1;
  return behind % EVERY === 0 ? kinds[behind / EVERY - 1] : undefined;
}

/** Our engine runs along to know the last price and how many orders wait. */
export function makeKinds(flow: Flow, seed: number): KindOperation[] {
  const engine = new OurEngine(flow);
  const random = makeRandom(seed);
  const { state } = engine.book;
  const commands = new KindCommands();
  const kinds: KindOperation[] = [];
  const live: number[] = [];
  let cancelled = 0;
  for (let at = flow.prefill; at < flow.count; at += 1) {
    engine.step(at);
    if ((at - flow.prefill + 1) % EVERY === 0) {
      // Above the numbers of the flow, as far as the window of known commands lets it be.
      const number = flow.count + NUMBERS_EACH * (kinds.length + 1);
      const oldest = state.waiting.count < WAITING_MAX ? undefined : live[cancelled];
      if (oldest === undefined) {
        const kind = KINDS[live.length % KINDS.length] ?? 'stop';
        kinds.push({ kind, number, ...drawPrices(state.lastTicks, random) });
        // Of a list the first order, which takes the other one along.
        live.push(kind === 'list' ? number - 2 : number);
      } else {
        kinds.push({ kind: 'cancel', number, orderNumber: oldest });
        cancelled += 1;
      }
      engine.book.apply(commands.fill(kinds.at(-1) as KindOperation));
    }
    if (at % BATCH === BATCH - 1) engine.clear();
  }
  return kinds;
}

function drawPrices(
  lastTicks: number,
  random: () => number,
): Pick<Placed, 'side' | 'triggerTicks' | 'limitTicks'> {
  const away = 1 + Math.floor(random() * DISTANCE_TICKS);
  return random() < 0.5
    ? { side: 'buy', triggerTicks: lastTicks + away, limitTicks: lastTicks - away }
    : { side: 'sell', triggerTicks: lastTicks - away, limitTicks: lastTicks + away };
}

/** Fills one object of each kind anew for every operation: see commands.ts. */
export class KindCommands {
  private readonly stop = makePlace();
  private readonly iceberg = makePlace();
  private readonly cancel = makeCancel();
  private readonly maker = makePlace();
  private readonly stopLeg = makePlace();
  private readonly list: PlaceListCommand = {
    kind: 'place_list',
    number: 0,
    timeMs: 1,
    userNumber: USER,
    orders: [this.maker, this.stopLeg],
  };

  fill(operation: KindOperation): MarketCommand {
    if (operation.kind === 'cancel') {
      this.cancel.number = operation.number;
      this.cancel.userNumber = USER;
      this.cancel.orderNumber = operation.orderNumber;
      return this.cancel;
    }
    if (operation.kind === 'stop') return asStop(this.stop, operation, operation.number);
    if (operation.kind === 'iceberg') {
      this.iceberg.displayLots = DISPLAY_LOTS;
      return asMaker(this.iceberg, operation, operation.number);
    }
    asMaker(this.maker, operation, operation.number - 2);
    asStop(this.stopLeg, operation, operation.number - 1);
    this.list.number = operation.number;
    return this.list;
  }
}

function asMaker(order: PlaceCommand, { side, limitTicks }: Placed, number: number): PlaceCommand {
  order.number = number;
  order.userNumber = USER;
  order.side = side;
  order.priceTicks = limitTicks;
  order.quantityLots = QUANTITY_LOTS;
  order.postOnly = true;
  return order;
}

function asStop(order: PlaceCommand, { side, triggerTicks }: Placed, number: number): PlaceCommand {
  order.number = number;
  order.userNumber = USER;
  order.side = side;
  order.type = 'market';
  order.timeInForce = 'IOC';
  order.priceTicks = side === 'buy' ? triggerTicks * 2 : 1;
  order.quantityLots = QUANTITY_LOTS;
  // The engine keeps it.
  order.trigger = { kind: 'stop_loss', priceTicks: triggerTicks };
  return order;
}
