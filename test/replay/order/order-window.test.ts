// What may be in flight together: whatever order the exchange takes it in, queues and fills come
// out as if the flow had been sent one command after another.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowStep, PlaceStep } from '../flow.ts';
import { flowArbitrary } from '../testing/flow-arbitrary.ts';
import { NaiveExchange } from '../testing/naive-exchange.ts';
import { ModelBook } from './model-book.ts';
import { OrderWindow } from './order-window.ts';

const IN_FLIGHT_MAX = 8;

function place(
  name: string,
  side: 'buy' | 'sell',
  priceTicks: number,
  quantityLots = 5,
): PlaceStep {
  const terms = { side, priceTicks, quantityLots, timeInForce: 'GTC' } as const;
  return { kind: 'place', market: 'BTC-USD', name, ...terms };
}

function cancel(name: string): FlowStep {
  return { kind: 'cancel', market: 'BTC-USD', name };
}

/** A window in which `resting` have been accepted and `inFlight` have not been answered. */
function windowWith(resting: readonly FlowStep[], inFlight: readonly FlowStep[]): OrderWindow {
  const window = new OrderWindow(new ModelBook(), true);
  for (const step of resting) {
    window.start(step);
    window.finish(step, { accepted: true, repeated: false });
  }
  for (const step of inFlight) window.start(step);
  return window;
}

describe('a command waits', () => {
  it.each<[string, FlowStep[], FlowStep[], FlowStep]>([
    ['for its own order', [], [place('a', 'buy', 5)], cancel('a')],
    ['to queue behind another at its price', [], [place('a', 'buy', 5)], place('b', 'buy', 5)],
    ['when it would meet one in flight', [], [place('a', 'buy', 5)], place('b', 'sell', 5)],
    ['when it would trade', [place('a', 'buy', 5)], [place('b', 'buy', 1)], place('c', 'sell', 5)],
    [
      'behind one that trades',
      [place('a', 'buy', 5)],
      [place('b', 'sell', 5)],
      place('c', 'buy', 1),
    ],
    [
      'for a cancel of what it would have met',
      [place('a', 'buy', 5)],
      [cancel('a')],
      place('b', 'sell', 5),
    ],
  ])('%s', (_reason, resting, inFlight, next) => {
    expect(windowWith(resting, inFlight).mayStart(next)).toBe(false);
  });

  it('alone once an answer was not what the model expects', () => {
    const window = windowWith([place('a', 'buy', 5)], [cancel('a')]);
    window.finish(cancel('a'), { accepted: false, repeated: false });
    expect(window.surprises).toBe(1);
    expect(window.mayStart(place('b', 'buy', 1))).toBe(true);
    window.start(place('b', 'buy', 1));
    expect(window.mayStart(place('c', 'buy', 2))).toBe(false);
  });
});

describe('a command need not wait', () => {
  it.each<[string, FlowStep[], FlowStep[], FlowStep]>([
    ['for another price on its side', [], [place('a', 'buy', 5)], place('b', 'buy', 4)],
    ['for the other side of the spread', [], [place('a', 'buy', 5)], place('b', 'sell', 6)],
    ['to leave while others come', [place('a', 'buy', 5)], [place('b', 'buy', 5)], cancel('a')],
    ['for a cancel at its own price', [place('a', 'buy', 5)], [cancel('a')], place('b', 'buy', 5)],
    [
      'for another cancel',
      [place('a', 'buy', 5), place('b', 'buy', 5)],
      [cancel('a')],
      cancel('b'),
    ],
  ])('%s', (_reason, resting, inFlight, next) => {
    expect(windowWith(resting, inFlight).mayStart(next)).toBe(true);
  });

  it('for anything but its own order when order does not matter', () => {
    const window = new OrderWindow(new ModelBook(), false);
    window.start(place('a', 'buy', 5));
    expect(window.mayStart(place('b', 'sell', 5))).toBe(true);
    expect(window.mayStart(cancel('a'))).toBe(false);
  });

  it('take a refusal of our own repeated request for a surprise', () => {
    const window = windowWith([place('a', 'buy', 5)], [cancel('a')]);
    window.finish(cancel('a'), { accepted: false, repeated: true });
    expect(window.surprises).toBe(0);
  });
});

describe('any order of what is in flight', () => {
  it('gives the queues and fills of the flow sent one by one, refusals included', () => {
    let together = 0;
    const property = fc.property(flowArbitrary, fc.infiniteStream(fc.nat()), (flow, chance) => {
      const { steps, refusedNames } = flow;
      const oneByOne = new NaiveExchange(refusedNames);
      for (const step of steps) oneByOne.accept(step);
      const exchange = new NaiveExchange(refusedNames);
      const model = new ModelBook();
      const window = new OrderWindow(model, true);
      together = Math.max(together, play(steps, window, exchange, chance));
      expect(exchange.state()).toEqual(oneByOne.state());
      expect(window.surprises).toBe(0);
      expect(model.levels('buy', 100)).toEqual(exchange.levels('buy'));
      expect(model.levels('sell', 100)).toEqual(exchange.levels('sell'));
      expect([...model.filledLots].sort()).toEqual(exchange.fills().sort());
    });
    fc.assert(property, { numRuns: 3_000 });
    // Chance rarely fills the window; that it is used at all is what matters.
    expect(together).toBeGreaterThan(3);
  });
});

/** Lets chance decide what is sent, taken and answered next. Answers the most ever in flight. */
function play(
  steps: readonly FlowStep[],
  window: OrderWindow,
  exchange: NaiveExchange,
  chance: Iterator<number>,
): number {
  const sent: FlowStep[] = [];
  const taken: { step: FlowStep; accepted: boolean }[] = [];
  let next = 0;
  let together = 0;
  while (next < steps.length || sent.length > 0 || taken.length > 0) {
    const draw = Number(chance.next().value);
    const step = steps[next];
    const room = sent.length + taken.length < IN_FLIGHT_MAX;
    if (draw % 2 === 0 && step !== undefined && room && window.mayStart(step)) {
      window.start(step);
      sent.push(step);
      next += 1;
    } else if (sent.length > 0 && draw % 3 > 0) {
      const [arrived] = sent.splice(draw % sent.length, 1);
      if (arrived !== undefined) taken.push({ step: arrived, accepted: exchange.accept(arrived) });
    } else if (taken.length > 0) {
      const [answered] = taken.splice(draw % taken.length, 1);
      if (answered === undefined) continue;
      window.finish(answered.step, { accepted: answered.accepted, repeated: false });
    }
    together = Math.max(together, window.size);
  }
  return together;
}
