// Random flows over few prices, so that orders queue, meet, leave and come back.
import fc from 'fast-check';
import type { FlowStep } from '../flow.ts';

const MARKET = 'BTC-USD';
const PRICES = 6;
const LOTS_MAX = 5;

const draftArbitrary = fc.record({
  kind: fc.constantFrom('place', 'place', 'place', 'cancel', 'reduce'),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  priceTicks: fc.integer({ min: 1, max: PRICES }),
  quantityLots: fc.integer({ min: 1, max: LOTS_MAX }),
  immediate: fc.boolean(),
  of: fc.nat(),
});

/** Steps with, by name, the orders that the exchange is to refuse. */
export const flowArbitrary = fc
  .record({
    drafts: fc.array(draftArbitrary, { minLength: 1, maxLength: 60 }),
    refused: fc.array(fc.nat({ max: 60 }), { maxLength: 6 }),
    /** How far the sides are apart: rarely, sometimes or often crossing. */
    gap: fc.constantFrom(0, 3, 6),
  })
  .map(({ drafts, refused, gap }) => {
    const steps: FlowStep[] = [];
    const totals: number[] = [];
    for (const draft of drafts) {
      const at = totals.length === 0 ? -1 : draft.of % totals.length;
      const head = { market: MARKET, name: `o${at}` } as const;
      const total = totals[at] ?? 0;
      if (draft.kind === 'cancel' && at >= 0) steps.push({ kind: 'cancel', ...head });
      else if (draft.kind === 'reduce' && total > 1) {
        totals[at] = total - 1;
        steps.push({ kind: 'reduce', ...head, quantityLots: total - 1 });
      } else {
        const { side, quantityLots, immediate } = draft;
        const priceTicks = draft.priceTicks + (side === 'sell' ? gap : 0);
        // One order in eight at most: they are sent alone, and too many would hide the rest.
        const timeInForce = immediate && draft.of % 4 === 0 ? 'IOC' : 'GTC';
        const terms = { side, priceTicks, quantityLots, timeInForce } as const;
        steps.push({ kind: 'place', market: MARKET, name: `o${totals.length}`, ...terms });
        totals.push(quantityLots);
      }
    }
    return { steps, refusedNames: new Set(refused.map((at) => `o${at}`)) };
  });
