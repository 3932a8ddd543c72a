// Order lists, with numbers worked by hand: docs/engine.md, "Lists".
import { describe, expect, it } from 'vitest';
import type { ExecutionEvent } from '../../shared/events/executions.ts';
import { ALICE, BOB, TestMarket, brief } from './test-market.ts';

/** A market that has last traded at 100. */
function traded(): TestMarket {
  const market = TestMarket.open();
  market.rest('sell', BOB, 100, 1);
  market.buy(BOB, 100, 1, { selfTradePrevention: 'none' });
  return market;
}

const TAKE = { priceTicks: 110, postOnly: true };
const STOP = {
  type: 'market',
  timeInForce: 'IOC',
  priceTicks: 80,
  trigger: { kind: 'stop_loss', priceTicks: 90 },
} as const;

function releases(events: readonly ExecutionEvent[]): string[] {
  return events.flatMap((event) =>
    event.kind === 'ended' ? [`${event.orderId.slice(-2)} ${event.releaseMinor}`] : [],
  );
}

describe('a pair', () => {
  it('ends its stop when its limit order trades', () => {
    const market = traded();
    expect(market.list({ orders: [TAKE, STOP] }).map(brief)).toEqual([
      'opened 10@110',
      'armed 5 stop_loss 90',
    ]);
    const restored = market.reload();
    const events = restored.buy(BOB, 110, 4);
    expect(events.map(brief)).toEqual([
      'trade 4@110',
      'ended 7 filled - 0',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
    expect(events[0]).toMatchObject({ maker: { holdId: 'lst_0000000000000006', holdMinor: '4' } });
    expect(events[2]).toMatchObject({ holdId: 'lst_0000000000000006', releaseMinor: '0' });
    expect(restored.lines('list')).toEqual(['list 6 0 4 10 5 10 decided']);
  });

  it('ends its limit order when its stop is triggered', () => {
    const market = traded();
    market.list({ orders: [TAKE, STOP] });
    market.rest('buy', BOB, 90, 1);
    market.rest('buy', BOB, 85, 20);
    const events = market.sell(BOB + 1, 90, 1);
    expect(events.map(brief)).toEqual([
      'trade 1@90',
      'ended 7 filled - 0',
      'ended 9 filled - 0',
      'triggered 5 by 10',
      'ended 4 cancelled ORDER_CANCELLED_BY_LIST 10',
      'trade 10@85',
      'ended 5 filled - 0',
    ]);
    expect(market.lines('list')).toEqual([]);
  });

  it('releases once what both held', () => {
    const market = traded();
    // A buy stop may cost 10 x 120, the limit buy 10 x 90: 1200 are held for both.
    const stop = { ...STOP, side: 'buy', priceTicks: 120 } as const;
    const words = { ...stop, trigger: { kind: 'stop_loss', priceTicks: 110 } } as const;
    const take = { side: 'buy', priceTicks: 90, postOnly: true } as const;
    market.list({ orders: [take, words] });
    expect(releases(market.cancel(ALICE, 4))).toEqual(['04 0', '05 1200']);
    market.list({ orders: [take, words] });
    expect(releases(market.cancel(ALICE, 9))).toEqual(['09 300', '08 900']);
  });
});

describe('a working order', () => {
  it('places its pair when it is filled', () => {
    const market = traded();
    const working = { side: 'buy', priceTicks: 100 } as const;
    expect(market.list({ working, orders: [TAKE, STOP] }).map(brief)).toEqual([
      'armed 5 working_order 0',
      'armed 6 working_order 0',
      'opened 10@100',
    ]);
    expect(market.sell(BOB, 100, 4).map(brief)).toEqual(['trade 4@100', 'ended 8 filled - 0']);
    expect(market.reload().sell(BOB, 100, 6).map(brief)).toEqual([
      'trade 6@100',
      'ended 4 filled - 0',
      'ended 9 filled - 0',
      'triggered 5 by 11',
      'opened 10@110',
      'triggered 6 by 11',
      'armed 6 stop_loss 90',
    ]);
  });

  it('takes its pending orders along when it is cancelled', () => {
    const market = traded();
    const working = { side: 'buy', priceTicks: 100 } as const;
    market.list({ working, orders: [TAKE, STOP] });
    expect(market.cancel(ALICE, 4).map(brief)).toEqual([
      'ended 4 cancelled ORDER_CANCELLED_BY_USER 10',
      'ended 5 cancelled ORDER_CANCELLED_BY_LIST 10',
      'ended 6 cancelled ORDER_CANCELLED_BY_LIST 10',
    ]);
  });
});
