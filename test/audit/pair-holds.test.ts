// The one hold of a pair of orders, and that of a pegged order, as the audit judges them: what was
// held less what events took is what the orders lock, and a forged event is found. Without a
// database; one lot at 100 costs 1,000,000.
import { describe, expect, test } from 'vitest';
import type { Ended } from '../oracle/naive-events.ts';
import type { ListOrder } from '../oracle/naive-types.ts';
import { holdOf, lockedFor, sum, takesOf } from './check-holds.ts';
import { MARKET, Story } from './story-fixture.ts';

const MAKER: Partial<ListOrder> = { postOnly: true, priceTicks: 90 };
const STOP: Partial<ListOrder> = {
  ...{ trigger: { kind: 'stop_loss', priceTicks: 110 }, priceTicks: 120 },
};
const SELL: Partial<ListOrder> = { side: 'sell', priceTicks: 130, postOnly: true };
const GUARD: Partial<ListOrder> = {
  ...{ side: 'sell', priceTicks: 80, trigger: { kind: 'stop_loss', priceTicks: 85 } },
};

function holdIn(story: Story, number: number) {
  const order = story.replay.orders.find(number);
  if (order === null) throw new Error(`no order ${number}`);
  const hold = holdOf(order, story.replay.orders);
  const byEvents = hold.madeMinor - sum(takesOf(hold));
  return { id: hold.id, byEvents, byBook: lockedFor(hold, story.replay) };
}

/** What is held and locked under one name. */
const held = (id: string, minor: bigint) => ({ id, byEvents: minor, byBook: minor });

/** Users 2 and 3 trade at 100. */
function tradedStory(): Story {
  const story = new Story();
  story.place({ userNumber: 2, side: 'sell', quantityLots: 2 });
  story.place({ userNumber: 3, quantityLots: 2 });
  return story;
}

describe('the hold of a pair', () => {
  test('is refused an amend that holds more', () => {
    const story = tradedStory();
    const [first = 0] = story.placeList([MAKER, STOP]);
    const amend = { kind: 'amend', timeMs: 5, userNumber: 1, orderNumber: first } as const;
    const more = { number: 90, priceTicks: 91, quantityLots: 8, holdIncreaseMinor: '1' };
    story.command({ ...amend, ...more });
    expect(story.replay.orders.strayAmends).toMatchObject([more]);
  });

  test('is that of the order that holds more, and of both', () => {
    const story = tradedStory();
    const [first = 0, second = 0] = story.placeList([MAKER, STOP]);
    const both = held('lst_0000000000000006', 9_600_000n);
    expect([holdIn(story, first), holdIn(story, second)]).toEqual([both, both]);
  });

  test('is what one of them locks once the other has ended', () => {
    const story = tradedStory();
    const [first = 0, , list = 0] = story.placeList([MAKER, STOP]);
    story.place({ userNumber: 2, side: 'sell', priceTicks: 90, quantityLots: 3 });
    // 5 lots at 90 are left.
    expect(holdIn(story, first)).toEqual(held('lst_0000000000000006', 4_500_000n));
    expect(story.replay.orders.lists.get(list)?.kind).toBe('oco');
    story.cancel(first);
    expect(holdIn(story, first).byEvents).toBe(0n);
    const [, stop = 0] = story.placeList([MAKER, STOP]);
    story.cancel(stop);
    expect(holdIn(story, stop)).toEqual(held('lst_0000000000000011', 0n));
  });

  test('is whole while the pair is pending, and its working order has one of its own', () => {
    const story = tradedStory();
    const buy = { priceTicks: 95, quantityLots: 2 };
    const [working = 0, first = 0, second = 0] = story.placeList([SELL, GUARD], buy);
    expect(holdIn(story, working)).toEqual(held('ord_0000000000000004', 1_900_000n));
    expect(holdIn(story, first)).toEqual(held('lst_0000000000000007', 80_000n));
    story.place({ userNumber: 2, side: 'sell', priceTicks: 95, quantityLots: 2 });
    expect(holdIn(story, working)).toEqual(held('ord_0000000000000004', 0n));
    expect(holdIn(story, second)).toEqual(held('lst_0000000000000007', 80_000n));
    story.place({ userNumber: 3, priceTicks: 130, quantityLots: 3 });
    expect(holdIn(story, first)).toEqual(held('lst_0000000000000007', 50_000n));
    expect(story.replay.orders.find(second)?.ends).toMatchObject([{ releaseMinor: '0' }]);
  });

  test('is not there for an order that is pending alone', () => {
    const story = tradedStory();
    const [working = 0, pending = 0] = story.placeList([GUARD], { priceTicks: 95 });
    expect(holdIn(story, pending)).toEqual(held('ord_0000000000000005', 80_000n));
    story.cancel(working);
    expect(holdIn(story, pending)).toEqual(held('ord_0000000000000005', 0n));
  });

  test.each([
    ['less than is left', '0'],
    ['what the other one would have locked', '7200000'],
    ['more than is left', '9600001'],
  ])('does not add up with a forged end that releases %s', (_name, releaseMinor) => {
    const story = tradedStory();
    const [first = 0, second = 0] = story.placeList([MAKER, STOP]);
    story.cancel(first);
    const order = story.replay.orders.find(second);
    const end = order?.ends[0];
    expect(end).toMatchObject({ reason: 'ORDER_CANCELLED_BY_LIST', releaseMinor: '9600000' });
    if (order === null || end === undefined) throw new Error('the other one has not ended');
    // Told anew, with another release.
    order.changes.pop();
    order.ends.pop();
    const forged: Ended = { ...end, releaseMinor };
    story.replay.orders.note(MARKET, forged);
    const { byEvents, byBook } = holdIn(story, second);
    expect(byBook).toBe(0n);
    expect(byEvents).toBe(9_600_000n - BigInt(releaseMinor));
    expect(byEvents).not.toBe(byBook);
  });
});

describe('the hold of a pegged order', () => {
  test('is that at the price which it took', () => {
    const story = tradedStory();
    story.place({ userNumber: 2, priceTicks: 97, quantityLots: 2 });
    const pegged = story.place({ priceTicks: 120, peg: { to: 'same', offsetLevels: 0 } });
    expect(holdIn(story, pegged)).toEqual(held('ord_0000000000000005', 7_760_000n));
    story.place({ userNumber: 3, side: 'sell', priceTicks: 97, quantityLots: 5 });
    expect(holdIn(story, pegged)).toEqual(held('ord_0000000000000005', 4_850_000n));
    story.cancel(pegged);
    expect(holdIn(story, pegged)).toEqual(held('ord_0000000000000005', 0n));
  });

  test('is that at its own price while it waits', () => {
    const story = tradedStory();
    const terms = { priceTicks: 120, trigger: { kind: 'stop_loss', priceTicks: 110 } } as const;
    const pegged = story.place({ ...terms, peg: { to: 'same', offsetLevels: 0 } });
    expect(holdIn(story, pegged)).toEqual(held('ord_0000000000000004', 9_600_000n));
  });
});
