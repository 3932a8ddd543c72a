// What a random run must have seen of orders of one owner that meet, of one user or of one group of
// users: "Own orders" in docs/engine.md.
import { SELF_TRADE_MODES } from './command-specs.ts';
import type { Acts, Context, Hit } from './coverage-acts.ts';
import type { Execution, Prevented, Trade } from './naive-events.ts';
import type { MarketCommand } from './naive-types.ts';

const PREVENTING = SELF_TRADE_MODES.filter((mode) => mode !== 'none');

export const OWNER_OUTCOMES: readonly string[] = [
  ...PREVENTING.flatMap((mode) => [
    `prevented ${mode} of one user`,
    `prevented ${mode} of a group`,
  ]),
  ...PREVENTING.flatMap((mode) => [`prevented ${mode} buy`, `prevented ${mode} sell`]),
  'prevented after trades of the same taker',
  'prevented several times with one taker',
  'prevented by place',
  'prevented by amend',
  'prevented by a triggered order',
  'trade of one user',
  'trade of two users of one group',
  'trade of two groups',
  'trade of a user with a group and one without',
  'FOK not fillable because of the group',
];

export function noteOwners(
  command: MarketCommand,
  { own, triggered }: Acts,
  context: Context,
  hit: Hit,
): void {
  const groups = new Map<string, number | null>();
  for (const [id, { tradeGroup }] of context.resting) groups.set(id, tradeGroup);
  const taker = command.kind === 'place' ? (command.tradeGroup ?? null) : null;
  const isTaking = command.kind === 'place' && command.trigger === undefined;
  let last: Execution | null = null;
  let prevented = 0;
  for (const event of own) {
    if (event.kind === 'prevented') {
      prevented += 1;
      notePrevented(event, hit);
      hit(`prevented by ${command.kind}`);
      if (last?.kind === 'trade') hit('prevented after trades of the same taker');
    }
    if (event.kind === 'trade' && isTaking) {
      noteTrade(event, taker, groups.get(event.maker.orderId) ?? null, hit);
    }
    if (event.kind === 'trade' || event.kind === 'prevented') last = event;
  }
  if (prevented > 1) hit('prevented several times with one taker');
  for (const { events } of triggered) {
    if (events.some(({ kind }) => kind === 'prevented')) hit('prevented by a triggered order');
  }
  if (command.kind !== 'place' || command.timeInForce !== 'FOK' || taker === null) return;
  const isUnfillable = (e: Execution): boolean =>
    e.kind === 'ended' && e.reason === 'ORDER_FOK_NOT_FILLABLE';
  // The book is as it was: its first order is in reach and of the group, not of the user.
  const first = context.book.opposite(command.side)[0];
  const isFirstOfGroup = first?.tradeGroup === taker && first.user !== command.userNumber;
  const isInReach = first !== undefined && isReached(command.side, command.priceTicks, first.limit);
  if (own.some(isUnfillable) && isFirstOfGroup && isInReach) {
    hit('FOK not fillable because of the group');
  }
}

function isReached(side: 'buy' | 'sell', limit: number, price: bigint): boolean {
  return side === 'buy' ? price <= BigInt(limit) : price >= BigInt(limit);
}

function notePrevented({ mode, taker, maker, takerSide }: Prevented, hit: Hit): void {
  const isOneUser = taker.userId === maker.userId;
  hit(`prevented ${mode} of ${isOneUser ? 'one user' : 'a group'}`);
  hit(`prevented ${mode} ${takerSide}`);
}

function noteTrade(trade: Trade, taker: number | null, maker: number | null, hit: Hit): void {
  if (trade.taker.userId === trade.maker.userId) hit('trade of one user');
  else if (taker !== null && taker === maker) hit('trade of two users of one group');
  else if (taker !== null && maker !== null) hit('trade of two groups');
  else if (taker !== null || maker !== null) hit('trade of a user with a group and one without');
}
