// After a lost request: nothing new is sent before the engine has acted on what was accepted.
import { describe, expect, it } from 'vitest';
import type { Order, Trader } from '../client/exchange-api.ts';
import { OutcomeUnknownError } from '../client/retry.ts';
import type { FlowStep } from '../flow.ts';
import { STEPS } from '../testing/market-steps.ts';
import { Confirmation, type AcceptedStep } from './confirmation.ts';

const TRADER: Trader = {
  userId: 'usr_0000000000900001',
  side: 'buy',
  token: () => Promise.resolve('token'),
};

const ORDER: Order = {
  id: 'ord_0000000000000001',
  clientOrderId: null,
  side: 'buy',
  price: '1',
  quantity: '5',
  filledQuantity: '0',
  remainingQuantity: '5',
  status: 'accepted',
};

const HEAD = { market: 'BTC-USD', name: 'a' } as const;
const PLACE: FlowStep = {
  kind: 'place',
  ...HEAD,
  side: 'buy',
  priceTicks: 100,
  quantityLots: 500_000_000,
  timeInForce: 'GTC',
};
const CANCEL: FlowStep = { kind: 'cancel', ...HEAD };
const REDUCE: FlowStep = { kind: 'reduce', ...HEAD, quantityLots: 300_000_000 };

function accepted(step: FlowStep): AcceptedStep {
  return { step, steps: STEPS, orderId: ORDER.id, trader: TRADER };
}

/** An exchange on which the order looks like these, one look after the other. */
function looks(...orders: readonly Partial<Order>[]): {
  api: { getOrder: () => Promise<Order> };
  count: () => number;
} {
  let count = 0;
  const getOrder = (): Promise<Order> => {
    const look = orders[Math.min(count, orders.length - 1)];
    count += 1;
    return Promise.resolve({ ...ORDER, ...look });
  };
  return { api: { getOrder }, count: () => count };
}

describe('the confirmation', () => {
  it('gives up when the engine never acts', async () => {
    const { api } = looks({ status: 'accepted' });
    const confirmation = new Confirmation(api, 0);
    confirmation.note(accepted(PLACE));
    await expect(confirmation.run()).rejects.toThrow(OutcomeUnknownError);
    expect(confirmation.holding).toBeNull();
  });

  it.each<[string, FlowStep, Partial<Order>[]]>([
    ['a placed order rests', PLACE, [{ status: 'accepted' }, { status: 'open' }]],
    ['a cancelled order has ended', CANCEL, [{ status: 'open' }, { status: 'cancelled' }]],
    [
      'a cancelled order was filled',
      CANCEL,
      [{ status: 'partially_filled' }, { status: 'filled' }],
    ],
    [
      'a reduced order has its new quantity',
      REDUCE,
      [{ status: 'open' }, { status: 'open', quantity: '3' }],
    ],
  ])('holds until %s', async (_what, step, orders) => {
    const { api, count } = looks(...orders);
    const confirmation = new Confirmation(api);
    confirmation.note(accepted(step));
    const done = confirmation.run();
    expect(confirmation.holding).not.toBeNull();
    await done;
    expect(count()).toBe(orders.length);
    expect(confirmation.holding).toBeNull();
  });

  it('looks at the last step of an order only, and never twice at what was seen', async () => {
    const { api, count } = looks({ status: 'cancelled' });
    const confirmation = new Confirmation(api);
    confirmation.note(accepted(PLACE));
    confirmation.note(accepted(CANCEL));
    await confirmation.run();
    await confirmation.run();
    expect(count()).toBe(1);
  });

  it('runs once, however many wait for it', async () => {
    const { api, count } = looks({ status: 'open' });
    const confirmation = new Confirmation(api);
    confirmation.note(accepted(PLACE));
    await Promise.all([confirmation.run(), confirmation.run()]);
    expect(count()).toBe(1);
  });
});
