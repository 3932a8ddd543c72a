// A cascade that is longer than one step: docs/engine.md, "Following".
import { describe, expect, it } from 'vitest';
import { CASCADE_MAX } from './following.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

/** Stops of Alice that a trade at 90 reaches, and nobody who buys from them. */
function stops(count: number): TestMarket {
  const market = TestMarket.open();
  market.rest('sell', BOB, 100, 1);
  market.buy(CAROL, 100, 1);
  for (let at = 0; at < count; at += 1) {
    market.book.apply(
      market.placeCommand({
        side: 'sell',
        type: 'market',
        timeInForce: 'IOC',
        priceTicks: 1,
        trigger: { kind: 'stop_loss', priceTicks: 95 },
      }),
    );
  }
  market.buy(BOB, 90, 1);
  return market;
}

function turns(events: readonly { kind: string }[]): number {
  return events.filter(({ kind }) => kind === 'triggered').length;
}

describe('a cascade of more turns than a step has', () => {
  it('goes on with the next tick, before what comes then', () => {
    const market = stops(CASCADE_MAX + 2);
    // The bid was placed behind the last stop.
    const last = market.nextNumber() - 2;
    expect(turns(market.sell(CAROL, 90, 1))).toBe(CASCADE_MAX);
    expect(market.lines('queued')).toHaveLength(2);
    expect(market.book.nextDueMs).toBe(market.book.nowMs);
    const restored = market.reload();
    expect(turns(restored.tick(1))).toBe(2);
    expect(restored.book.openOrders).toBe(0);
    const events = market.cancel(ALICE, last).map(brief);
    expect(events.slice(-2)).toEqual([
      `ended ${last} expired ORDER_LIQUIDITY_NONE 10`,
      'refused ORDER_NOT_FOUND',
    ]);
  });

  it('ends with its step when it fits', () => {
    const market = stops(CASCADE_MAX);
    expect(turns(market.sell(CAROL, 90, 1))).toBe(CASCADE_MAX);
    expect(market.book.nextDueMs).toBe(Infinity);
  });
});
