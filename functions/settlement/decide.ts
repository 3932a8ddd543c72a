// What one event of the engine means for the ledger. Pure: the event carries every fact.
import { TerminalError } from '../../shared/domain/failure.ts';
import { tradeFee, type Fee } from '../../shared/domain/fee.ts';
import type { UserId } from '../../shared/domain/ids.ts';
import {
  feesOwner,
  type HoldTake,
  type JournalEntry,
  type LedgerOwner,
  type Posting,
} from '../../shared/domain/journal.ts';
import type { ExecutionEvent, TradeEvent } from '../../shared/events/executions.ts';
import { feeFactsOf, tradeParties, type MarketFacts } from '../../shared/events/trade-facts.ts';

/** What a user traded in one market on one UTC day, in quote units. */
export interface Volume {
  readonly userId: UserId;
  readonly market: string;
  /** `2026-01-31`, from the time in the event. */
  readonly day: string;
  readonly quoteMinor: bigint;
}

const DAY_CHARACTERS = 10;

/**
 * One journal entry a trade: quote and base change hands, each side pays its fee to the market's
 * fee account (or is paid its rebate), and both holds give up what the engine says this trade
 * takes; what a hold gives up beyond the payment is price improvement and is available again.
 */
export function settleTrade(market: MarketFacts, trade: TradeEvent): JournalEntry {
  const { buyer, seller } = tradeParties(trade);
  const facts = feeFactsOf(market, trade);
  if (facts.baseMinor === 0n || facts.quoteMinor === 0n) {
    throw new TerminalError(`${trade.tradeId} moves nothing`);
  }
  const house = feesOwner(market.market);
  return {
    key: `${market.market}:${trade.sequence}`,
    reference: { type: 'trade', id: trade.tradeId },
    postings: [
      ...transfer(buyer.userId, seller.userId, market.quote, facts.quoteMinor),
      ...transfer(seller.userId, buyer.userId, market.base, facts.baseMinor),
      ...payFee(buyer.userId, house, tradeFee(facts, 'buy')),
      ...payFee(seller.userId, house, tradeFee(facts, 'sell')),
    ],
    takes: [trade.taker, trade.maker].flatMap((side) =>
      take(side.holdId ?? side.orderId, side.holdMinor),
    ),
  };
}

/** What an event gives back of a hold besides trades, or nothing. */
export function releasesOf(event: ExecutionEvent): HoldTake[] {
  switch (event.kind) {
    case 'reduced':
    case 'ended':
      return take(event.holdId ?? event.orderId, event.releaseMinor);
    case 'amended':
    case 'pegged':
      return take(event.orderId, event.releaseMinor);
    case 'refused':
      if (event.orderId !== null) return take(event.orderId, event.releaseMinor);
      if (event.releaseMinor === '0') return [];
      throw new TerminalError(`refusal ${event.sequence} releases the hold of no order`);
    case 'opened':
    case 'armed':
    case 'triggered':
    case 'trade':
    case 'configured':
    case 'phase_changed':
    case 'indicative':
    case 'uncrossed':
      return [];
    // Who loses what by a prevented match, and whose orders end by a switch, is told by the events
    // that follow it: those release.
    case 'prevented':
    case 'deadman_set':
    case 'deadman_fired':
    case 'user_blocked':
      return [];
  }
}

/** Both sides' quote volume; a trade with oneself counts once. */
export function volumesOf(market: MarketFacts, trade: TradeEvent): Volume[] {
  const day = new Date(trade.timeMs).toISOString().slice(0, DAY_CHARACTERS);
  const users = new Set([trade.taker.userId, trade.maker.userId]);
  const quoteMinor = BigInt(trade.quoteMinor);
  return [...users].map((userId) => ({ userId, market: market.market, day, quoteMinor }));
}

/**
 * The text whose hash tells equal events from different ones: all of the event, with what its
 * record says about the money of a trade. Neither the record's cut nor its epoch belongs to it.
 */
export function eventContent(market: MarketFacts, event: ExecutionEvent): string {
  const trade = event.kind === 'trade';
  return canonicalJson({
    market: market.market,
    ...(trade ? { base: market.base, quote: market.quote, feePolicy: market.feePolicy } : {}),
    event,
  });
}

/** JSON with sorted keys and no spaces: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  // Sorting a copy for the native writer: writing in JavaScript took 8 ms for 300 events.
  return JSON.stringify(sortFields(value));
}

function sortFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sortFields);
  const fields = value as Readonly<Record<string, unknown>>;
  const sorted: Record<string, unknown> = {};
  for (const name of Object.keys(fields).sort()) sorted[name] = sortFields(fields[name]);
  return sorted;
}

function transfer(
  from: LedgerOwner,
  to: LedgerOwner,
  asset: string,
  amountMinor: bigint,
): Posting[] {
  return [
    { owner: from, asset, amountMinor: -amountMinor },
    { owner: to, asset, amountMinor },
  ];
}

/** A rebate is a negative fee: the house pays. */
function payFee(payer: LedgerOwner, house: LedgerOwner, fee: Fee): Posting[] {
  return fee.amountMinor === 0n ? [] : transfer(payer, house, fee.asset, fee.amountMinor);
}

function take(holdId: string, amountMinor: string): HoldTake[] {
  return amountMinor === '0' ? [] : [{ holdId, amountMinor: BigInt(amountMinor) }];
}
