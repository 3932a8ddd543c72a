// What the tests of order lists share: a market that has traded, and orders for lists.
import type { ExecutionEvent } from '../../shared/events/executions.ts';
import type { MarketConfig } from '../../shared/domain/market.ts';
import { BOB, CAROL, TestMarket } from './test-market.ts';

/** A sell that rests above a last trade at 100, and one that waits for 90. */
export const TAKE = { priceTicks: 110, postOnly: true } as const;
export const STOP = {
  type: 'market',
  timeInForce: 'IOC',
  priceTicks: 80,
  trigger: { kind: 'stop_loss', priceTicks: 90 },
} as const;

/** What they do in a market that has traded at 100; the hold of both is the greater, 1200. */
export const BUY_TAKE = { side: 'buy', priceTicks: 90, postOnly: true } as const;
export const BUY_STOP = {
  side: 'buy',
  type: 'market',
  timeInForce: 'IOC',
  priceTicks: 120,
  trigger: { kind: 'stop_loss', priceTicks: 110 },
} as const;

/** A buy that rests below; its fill places the orders behind it. */
export const WORKING = { side: 'buy', priceTicks: 95 } as const;

/** A market that has last traded at 100; five events have been, the next number is 4. */
export function traded(config: Partial<MarketConfig> = {}): TestMarket {
  const market = TestMarket.open(config);
  market.rest('sell', BOB, 100, 1);
  market.buy(CAROL, 100, 1);
  return market;
}

/** What left which hold, in the order of the events: of a list `lst`, of an order its number. */
export function taken(events: readonly ExecutionEvent[]): string[] {
  return events.flatMap((event) => {
    switch (event.kind) {
      case 'trade':
        return [event.taker, event.maker].map((side) => named(side, side.holdMinor));
      case 'ended':
      case 'reduced':
        return [named(event, event.releaseMinor)];
      case 'pegged':
        return [named(event, event.releaseMinor)];
      default:
        return [];
    }
  });
}

function named(
  { orderId, holdId }: { orderId: string; holdId?: string | undefined },
  minor: string,
): string {
  const order = Number(orderId.slice('ord_'.length));
  const list = holdId === undefined ? '' : ` of list ${Number(holdId.slice('lst_'.length))}`;
  return `${order}${list}: ${minor}`;
}
