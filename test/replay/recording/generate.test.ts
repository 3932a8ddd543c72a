// The generated flow: the same from the same seed, in the shares it promises, fit for the market.
import { describe, expect, it } from 'vitest';
import { ModelBook } from '../order/model-book.ts';
import { STEPS } from '../testing/market-steps.ts';
import type { MarketSteps } from '../flow.ts';
import { generateFlow } from './generate.ts';

const OTHER: MarketSteps = { ...STEPS, market: 'ETH-BTC', tickSize: '0.00001', lotSize: '0.0001' };
const COUNT = 20_000;

describe('a generated flow', () => {
  it('cannot be made for no market', () => {
    expect(() => generateFlow([], 1, 1)).toThrow('no markets');
  });

  it('is the same from the same seed and another from another', () => {
    const flow = generateFlow([STEPS, OTHER], 1_000, 7);
    expect(generateFlow([STEPS, OTHER], 1_000, 7)).toEqual(flow);
    expect(generateFlow([STEPS, OTHER], 1_000, 8).steps).not.toEqual(flow.steps);
  });

  it('rests by half, cancels three tenths and crosses two tenths', () => {
    const { steps } = generateFlow([STEPS, OTHER], COUNT, 1);
    const share = (matches: (step: (typeof steps)[number]) => boolean): number =>
      Math.round((steps.filter(matches).length * 20) / COUNT) / 20;
    expect(share((step) => step.kind === 'place' && step.timeInForce === 'GTC')).toBe(0.5);
    expect(share((step) => step.kind === 'cancel')).toBe(0.3);
    expect(share((step) => step.kind === 'place' && step.timeInForce === 'IOC')).toBe(0.2);
    expect(share((step) => step.market === 'ETH-BTC')).toBe(0.5);
  });

  it('names each order once and cancels only what it has placed', () => {
    const placed = new Set<string>();
    const wrong = generateFlow([STEPS, OTHER], COUNT, 2).steps.filter((step) => {
      const name = `${step.market} ${step.name}`;
      const known = placed.has(name);
      placed.add(name);
      return known !== (step.kind !== 'place');
    });
    expect(wrong).toEqual([]);
  });

  it('makes orders that cross trade, and none below the least notional', () => {
    const book = new ModelBook();
    const tooSmall: string[] = [];
    for (const step of generateFlow([STEPS], 2_000, 3).steps) {
      if (step.kind === 'cancel') book.cancel(step.name);
      if (step.kind !== 'place') continue;
      const { name, side, priceTicks, quantityLots } = step;
      if (BigInt(priceTicks) * BigInt(quantityLots) < 10n ** 10n) tooSmall.push(name);
      book.place(name, side, priceTicks, quantityLots, step.timeInForce === 'IOC');
    }
    expect(tooSmall).toEqual([]);
    expect(book.filledLots.size).toBeGreaterThan(300);
  });
});
