// What a batch of executions says about an order that waits, in whatever order its events come.
import { describe, expect, it } from 'vitest';
import { orderId } from '../../../shared/domain/ids.ts';
import type { ExecutionEvent } from '../../../shared/events/executions.ts';
import { record } from '../fixture.ts';
import { armed, ended, opened, trade, triggered } from '../outcome-fixture.ts';
import { projectExecutions } from './project.ts';

const ORDER = 7;

function updateOf(events: readonly ExecutionEvent[]) {
  const { updates } = projectExecutions(events.map((event) => record([event])));
  return updates.find(({ orderNumber }) => orderNumber === ORDER);
}

describe('the update of an order that waits', () => {
  it('says so after `armed` alone', () => {
    expect(updateOf([armed(1, ORDER)])).toMatchObject({
      lastSequence: 1,
      remainingLots: 2,
      isUntriggered: true,
      end: null,
    });
  });

  it('ends the waiting by `triggered`, and changes nothing in what remains', () => {
    expect(updateOf([triggered(2, ORDER)])).toMatchObject({
      lastSequence: 2,
      remainingLots: null,
      isUntriggered: false,
    });
  });

  it.each([
    ['in order', [armed(1, ORDER), triggered(2, ORDER)]],
    ['reversed', [triggered(2, ORDER), armed(1, ORDER)]],
    ['repeated', [armed(1, ORDER), triggered(2, ORDER), armed(1, ORDER)]],
  ])('is not brought back by an older `armed` that comes %s', (_name, events) => {
    expect(updateOf(events)).toMatchObject({ lastSequence: 2, isUntriggered: false });
  });

  it.each([
    ['it rests', opened(3, ORDER), { remainingLots: 2, isUntriggered: false }],
    ['it trades', trade(3, ORDER), { remainingLots: 2, isUntriggered: false }],
    ['it ends', ended(3, ORDER), { remainingLots: 1, end: { status: 'cancelled' } }],
  ])('follows what comes after the waiting: %s', (_name, event, expected) => {
    const life = [armed(1, ORDER), triggered(2, ORDER), event];
    for (const events of [life, [...life].reverse()]) {
      expect(updateOf(events)).toMatchObject({ lastSequence: 3, ...expected });
    }
  });

  it('is left waiting by a refused amend', () => {
    const refused: ExecutionEvent = {
      kind: 'refused',
      sequence: 2,
      timeMs: 1,
      commandNumber: 9,
      userId: armed(1, ORDER).userId,
      orderId: orderId(ORDER),
      reason: 'ORDER_AMEND_NOT_ALLOWED',
      releaseMinor: '5',
    };
    expect(updateOf([armed(1, ORDER), refused])).toMatchObject({
      lastSequence: 1,
      isUntriggered: true,
      answeredAmends: [9],
    });
    expect(updateOf([refused])).toMatchObject({ lastSequence: 0, remainingLots: null });
  });
});
