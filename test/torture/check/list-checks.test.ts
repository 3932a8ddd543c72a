// That the checks of order lists find what they are for.
import { describe, expect, it } from 'vitest';
import { listId, orderId } from '../../../shared/domain/ids.ts';
import { faultOf, problemOf } from './list-checks.ts';

const ORDER = { isPair: false, isPending: false, status: 'filled', filledLots: 5 };
const IDLE = { ...ORDER, status: 'cancelled', filledLots: 0 };
const FIRST = { ...IDLE, orderNumber: 1, name: 'a-0' };
const SECOND = { ...IDLE, orderNumber: 2, name: 'a-1' };
const LIST = { listNumber: 3, userNumber: 7, clientListId: 'a', orders: [FIRST, SECOND] };

function asked(names: readonly string[], listIds: readonly string[] = []) {
  const base = { userNumber: 7, attempts: 1, fails: 0, infos: 0 };
  const orders = names.map((clientOrderId) => ({ ...base, clientOrderId, ids: new Set<string>() }));
  return { ids: new Set(listIds), orders };
}

describe('a list that was asked for', () => {
  const list = asked(['a-0', 'a-1'], [listId(3)]);

  it('is there as it was asked for, or not at all', () => {
    expect(problemOf(list, 'ok', [LIST])).toBeNull();
    expect(problemOf(asked(['a-0', 'a-1']), 'info', [])).toBeNull();
    expect(problemOf(asked(['a-0', 'a-1']), 'info', [LIST])).toBeNull();
    expect(problemOf(asked(['a-0', 'a-1']), 'fail', [])).toBeNull();
  });

  it('must not be lost, doubled, made in spite of a refusal, or named anew', () => {
    expect(problemOf(list, 'ok', [])).toBe('an acknowledged list is not there');
    expect(problemOf(list, 'ok', [LIST, LIST])).toBe('a list is there twice');
    expect(problemOf(list, 'fail', [LIST])).toBe('a refused list is there');
    const renamed = asked(['a-0', 'a-1'], [listId(4)]);
    expect(problemOf(renamed, 'ok', [LIST])).toBe('a list was acknowledged under another id');
  });

  it('must have its orders, all of them, and under the ids that were told', () => {
    const other = 'a list has other orders than those that were asked for';
    expect(problemOf(list, 'ok', [{ ...LIST, orders: [FIRST] }])).toBe(other);
    expect(problemOf(list, 'ok', [{ ...LIST, orders: [SECOND, FIRST] }])).toBe(other);
    const told = asked(['a-0', 'a-1'], [listId(3)]);
    told.orders[0]?.ids.add(orderId(9));
    expect(problemOf(told, 'ok', [LIST])).toBe(other);
  });
});

describe('the orders of a list at rest', () => {
  const leg = { ...IDLE, isPair: true };
  const pending = { ...IDLE, isPending: true };

  it('may have traded, one of a pair, and one after the other', () => {
    expect(faultOf([{ ...leg, status: 'filled', filledLots: 5 }, leg])).toBeNull();
    expect(faultOf([ORDER, { ...pending, filledLots: 5 }])).toBeNull();
    expect(
      faultOf([
        { ...IDLE, status: 'open' },
        { ...pending, status: 'untriggered' },
      ]),
    ).toBeNull();
  });

  it('must not both have traded if they are a pair, nor leave the other one open', () => {
    const traded = { ...leg, filledLots: 1 };
    expect(faultOf([traded, traded])).toBe('both orders of a pair have traded');
    const fault = 'an order of a pair has traded and the other one is open';
    expect(faultOf([traded, { ...leg, status: 'untriggered' }])).toBe(fault);
  });

  it('must not trade before the one that they wait for, nor wait for one that has ended', () => {
    const fault = 'an order has traded before the one that it waits for';
    const partly = { ...ORDER, status: 'partially_filled' };
    expect(faultOf([partly, { ...pending, filledLots: 1 }])).toBe(fault);
    const waits = 'an order waits for another that has ended';
    expect(faultOf([IDLE, { ...pending, status: 'untriggered' }])).toBe(waits);
  });
});
