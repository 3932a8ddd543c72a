// What a vector may leave out: the defaults of order lists, and the ids of events about them.
import { describe, expect, it } from 'vitest';
import { expandVector, type Command } from './expand-vector.ts';
import { vectorSchema, type Fields } from './vector-format.ts';

const LIMIT = { number: 21, side: 'buy', priceTicks: 90, quantityLots: 2 };
const STOP = {
  number: 22,
  side: 'buy',
  priceTicks: 112,
  quantityLots: 2,
  trigger: { kind: 'stop_loss', priceTicks: 105 },
};
const LIST = { kind: 'place_list', number: 23, userNumber: 1 };

function expand(when: Fields, then: Fields[] = [], market: Fields = {}): Expanded {
  const vector = {
    title: 'A vector that is expanded and never played.',
    feature: 'OCO',
    source: ['docs/engine.md, place_list'],
    given: { market, eventKinds: ['configured'] },
    steps: [{ when, then }],
  };
  const [step] = expandVector(vectorSchema.parse(vector)).steps;
  if (step === undefined) throw new Error('a vector without a step');
  return { command: step.command, events: step.events };
}

interface Expanded {
  readonly command: Command;
  readonly events: readonly unknown[];
}

describe('place_list', () => {
  it('gives each order the defaults of place, the hold by the same formula included', () => {
    const { command } = expand({ ...LIST, orders: [LIMIT, STOP] });
    const { command: place } = expand({ ...LIMIT, kind: 'place', userNumber: 1 });
    const ofTheList = new Set(['kind', 'timeMs', 'userNumber']);
    const order = Object.fromEntries(Object.entries(place).filter(([key]) => !ofTheList.has(key)));
    expect(command).toMatchObject({ timeMs: 1_000, userNumber: 1 });
    expect(command).toMatchObject({ orders: [order, { holdMinor: '224' }] });
    expect(order).toMatchObject({ type: 'limit', timeInForce: 'GTC', holdMinor: '180' });
    expect(command).not.toHaveProperty('working');
  });

  it('gives the working order the same, and holds with the fee reserve of the market', () => {
    const exit = { ...STOP, side: 'sell' };
    const market = { feePolicy: 'quote' };
    const { command } = expand({ ...LIST, working: LIMIT, orders: [exit] }, [], market);
    expect(command).toMatchObject({ working: { holdMinor: '181' }, orders: [{ holdMinor: '20' }] });
  });

  it('leaves alone what an order says itself, and makes a market order IOC', () => {
    const said = { ...LIMIT, postOnly: true, holdMinor: '200' };
    const { command } = expand({ ...LIST, orders: [said, { ...STOP, type: 'market' }] });
    expect(command).toMatchObject({
      orders: [{ postOnly: true, holdMinor: '200' }, { timeInForce: 'IOC' }],
    });
  });

  it.each([
    ['an unknown key of an order', { orders: [{ ...LIMIT, extra: 1 }, STOP] }],
    ['an order with a kind', { orders: [{ ...LIMIT, kind: 'place' }, STOP] }],
    ['an order that is none', { orders: [7, STOP] }],
    ['orders that are none', { orders: 7 }],
    ['a working order that is none', { working: [], orders: [STOP] }],
  ])('refuses %s', (_what, rest) => {
    expect(() => expand({ ...LIST, ...rest })).toThrow();
  });
});

describe('events of lists and pegs', () => {
  const head = { orderId: 22, userId: 1 };

  it('name a hold by the number of its list, in sides of a trade too', () => {
    const side = { ...head, remainingLots: 0, holdMinor: '20' };
    const trade = { kind: 'trade', priceTicks: 90, quantityLots: 2, baseMinor: '20' };
    const sides = { takerSide: 'buy', taker: side, maker: { ...side, holdId: 23 } };
    const end = { kind: 'ended', ...head, status: 'filled', reason: null, cancelledLots: 0 };
    const { events } = expand({ kind: 'tick', timeMs: 2_000 }, [
      { ...trade, quoteMinor: '180', ...sides },
      { ...end, releaseMinor: '0', holdId: 23 },
    ]);
    const holdId = 'lst_0000000000000023';
    expect(events).toMatchObject([{ maker: { holdId } }, { holdId }]);
    expect(events[0]).not.toHaveProperty('taker.holdId');
  });

  it('may be of a pending and of a pegged order', () => {
    const { events } = expand({ kind: 'tick', timeMs: 2_000 }, [
      {
        ...{ kind: 'armed', ...head, side: 'sell', remainingLots: 2 },
        ...{ triggerKind: 'working_order', triggerPriceTicks: 0 },
      },
      { kind: 'pegged', ...head, priceTicks: 95, remainingLots: 2, releaseMinor: '6' },
    ]);
    expect(events).toMatchObject([
      { orderId: 'ord_0000000000000022', sequence: 2, timeMs: 2_000 },
      { orderId: 'ord_0000000000000022', sequence: 3, userId: 'usr_0000000000000001' },
    ]);
  });
});
