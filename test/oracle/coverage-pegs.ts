// What a random run must have seen of orders that take their price from the book: "Pegs" in
// docs/engine.md.
import { orderIdOf } from './naive-amounts.ts';
import type { Acts, Context, Hit } from './coverage-acts.ts';
import { commandsOf } from './naive-lists.ts';
import type { Execution } from './naive-events.ts';
import { isPegged } from './naive-pegs.ts';
import type { MarketCommand, Place } from './naive-types.ts';

const SIDES = ['buy', 'sell'] as const;
const TO = ['same', 'opposite'] as const;
const EVERY_WAY = SIDES.flatMap((side) => TO.map((to) => `${side} to ${to}`));
const REJECTIONS = [
  'ACCOUNT_BLOCKED',
  'MARKET_HALTED',
  'MARKET_CANCEL_ONLY',
  'MARKET_POST_ONLY',
  'MARKET_CLOSING',
  'MARKET_DELISTED',
  'MARKET_AUCTION',
  'MARKET_NOT_FOUND',
  'ORDER_QUANTITY_TOO_LARGE',
  'ORDER_QUANTITY_TOO_SMALL',
  'ORDER_DISPLAY_QUANTITY_TOO_SMALL',
  'ORDER_PEG_REFERENCE_NONE',
  'ORDER_PRICE_OUT_OF_BAND',
  'ORDER_NOTIONAL_TOO_LARGE',
  'ORDER_SELF_TRADE_MODE_NOT_ALLOWED',
  'ORDER_POST_ONLY_WOULD_TAKE',
  'ORDER_REPLACE_CANCEL_FAILED',
];
const KINDS = ['limit GTC', 'limit GTD', 'limit IOC', 'limit FOK', 'post-only', 'iceberg'];

export const PEG_OUTCOMES: readonly string[] = [
  ...EVERY_WAY.flatMap((way) => [
    ...['0', '1', '2', '3'].map((levels) => `pegged ${way} past ${levels}`),
    `pegged ${way} at the price of the level`,
    `pegged ${way} but kept its own price`,
    `no level for ${way}`,
    `no level for ${way} past 0`,
  ]),
  'pegged and released',
  'pegged without a release',
  ...KINDS.map((kind) => `pegged ${kind}`),
  ...['opened', 'traded', 'prevented', 'interrupted'].map((then) => `pegged, then ${then}`),
  ...['filled', 'ORDER_IOC_REMAINDER', 'ORDER_SELF_TRADE_PREVENTED'].map(
    (reason) => `pegged, then ended ${reason}`,
  ),
  ...REJECTIONS.map((reason) => `pegged order ended ${reason}`),
  ...['ORDER_EXPIRED', 'ORDER_FOK_NOT_FILLABLE'].map((reason) => `pegged order ended ${reason}`),
  ...['pre_open', 'auction', 'post_only', 'limit_only'].map((status) => `pegged in ${status}`),
  'pegged after it replaced another',
  'pegged order armed',
  'pegged at its turn',
  'no level at its turn',
  'pegged at the turn of a pending order',
  'no level at the turn of a pending order',
  'pending pegged order armed with its trigger',
  'pegged as a working order',
  'no level for a working order',
  'market order with a peg took all the same',
  'market order with a peg armed',
];

export function notePegs(
  command: MarketCommand,
  { own, triggered, listed }: Acts,
  context: Context,
  hit: Hit,
): void {
  if (command.kind === 'place') notePlaced(command, own, context, hit);
  if (command.kind === 'place_list' && command.working !== undefined) {
    const [working] = commandsOf(command);
    if (working === undefined) return;
    const reason = reasonOf(working, own);
    if (pegOf(working, own) !== undefined) hit('pegged as a working order');
    if (reason === 'ORDER_PEG_REFERENCE_NONE') hit('no level for a working order');
    noteOrder(working, own, context, hit);
  }
  for (const act of triggered) noteTurn(act.command, act.events, 'its turn', hit);
  for (const act of listed) {
    const isPending = act.isPending ? 'the turn of a pending order' : 'its turn';
    noteTurn(act.command, act.events, isPending, hit);
    const isArmed = act.events[0]?.kind === 'armed' && isPegged(act.command);
    if (isArmed) hit('pending pegged order armed with its trigger');
  }
}

function isOf(event: Execution, { number }: Place): boolean {
  return 'orderId' in event && event.orderId === orderIdOf(number);
}

function pegOf(command: Place, events: readonly Execution[]) {
  return events.filter((event) => event.kind === 'pegged').find((event) => isOf(event, command));
}

function reasonOf(command: Place, events: readonly Execution[]): string | null {
  const end = events.find((event) => event.kind === 'ended' && isOf(event, command));
  return end?.kind === 'ended' ? (end.reason ?? end.status) : null;
}

function noteTurn(command: Place, events: readonly Execution[], turn: string, hit: Hit): void {
  if (pegOf(command, events) !== undefined) hit(`pegged at ${turn}`);
  if (reasonOf(command, events) === 'ORDER_PEG_REFERENCE_NONE') hit(`no level at ${turn}`);
}

function notePlaced(command: Place, own: readonly Execution[], context: Context, hit: Hit): void {
  if (command.peg === undefined) return;
  const isArmed = own.some((event) => event.kind === 'armed' && isOf(event, command));
  if (command.type === 'market') {
    if (isArmed) hit('market order with a peg armed');
    if (own.some(({ kind }) => kind === 'trade')) hit('market order with a peg took all the same');
    return;
  }
  if (isArmed) hit('pegged order armed');
  if (command.trigger === undefined) noteOrder(command, own, context, hit);
}

/** An order that takes its price now, or fails to. */
function noteOrder(
  command: Place,
  events: readonly Execution[],
  { status }: Context,
  hit: Hit,
): void {
  if (!isPegged(command) || command.peg === undefined) return;
  const { side, priceTicks, timeInForce, postOnly, displayLots, quantityLots, peg } = command;
  const way = `${side} to ${peg.to}`;
  const reason = reasonOf(command, events);
  const pegged = pegOf(command, events);
  if (pegged === undefined) {
    if (reason !== null) hit(`pegged order ended ${reason}`);
    if (reason !== 'ORDER_PEG_REFERENCE_NONE') return;
    hit(`no level for ${way}`);
    if (peg.offsetLevels === 0) hit(`no level for ${way} past 0`);
    return;
  }
  hit(`pegged ${way} past ${peg.offsetLevels}`);
  const isOwn = pegged.priceTicks === priceTicks;
  hit(`pegged ${way} ${isOwn ? 'but kept its own price' : 'at the price of the level'}`);
  hit(pegged.releaseMinor === '0' ? 'pegged without a release' : 'pegged and released');
  hit(`pegged ${postOnly ? 'post-only' : `limit ${timeInForce}`}`);
  if (displayLots !== undefined && displayLots < quantityLots) hit('pegged iceberg');
  hit(`pegged in ${status}`);
  if (command.replaces !== undefined && events[0]?.kind === 'ended') {
    hit('pegged after it replaced another');
  }
  if (reason !== null) hit(`pegged, then ended ${reason}`);
  for (const { kind } of events.filter((event) => event.sequence > pegged.sequence)) {
    if (kind === 'trade') hit('pegged, then traded');
    else if (kind === 'opened' || kind === 'prevented') hit(`pegged, then ${kind}`);
    else if (kind === 'phase_changed') hit('pegged, then interrupted');
  }
}
