// What a list holds, against what docs/engine.md says of it: for any list that is accepted, the
// hold of each order is that of its terms, and the two of a pair share the greater one.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdMinor, feeReservePpm } from '../../../shared/domain/hold.ts';
import { listId, orderId } from '../../../shared/domain/ids.ts';
import { FEE_POLICIES, formatSteps, marketScale } from '../../../shared/domain/market.ts';
import { PEG_SIDES, SIDES } from '../../../shared/domain/order.ts';
import { isRejection } from '../../../shared/domain/rejection.ts';
import type { PlaceListCommand } from '../../../shared/events/commands.ts';
import { findListFault, listOrders } from '../../../shared/events/order-lists.ts';
import { LIST_TYPES } from '../schema/order-lists.ts';
import { BTC, decideList, type Body } from '../list-fixture.ts';
import { CONFIG } from '../terms-fixture.ts';
import type { MarketTerms } from './size.ts';

const RUNS = 500;

const price = fc
  .integer({ min: 2_000_000, max: 4_000_000 })
  .map((ticks) => formatSteps(ticks, CONFIG.tickSize));
const quantity = fc
  .integer({ min: 1, max: 20_000 })
  .map((lots) => formatSteps(lots, CONFIG.lotSize));
const peg = fc.record({ to: fc.constantFrom(...PEG_SIDES) });
const limit: fc.Arbitrary<Body> = fc.record({ type: fc.constant('limit'), price });
const market: fc.Arbitrary<Body> = fc.constant({ type: 'market' });
const plain = fc.oneof(limit, fc.record({ type: fc.constant('limit' as const), price, peg }));

const fixed = (type: 'stop_loss' | 'take_profit') => fc.record({ type: fc.constant(type), price });
const trailing = fc.record({
  type: fc.constant('trailing_stop' as const),
  trailBps: fc.integer({ min: 1, max: 5_000 }),
});
const when = (order: fc.Arbitrary<Body>, trigger: fc.Arbitrary<Body['trigger']>) =>
  fc.tuple(order, trigger).map(([body, each]) => ({ ...body, trigger: each }) as Body);

const against = fc.oneof(when(fc.oneof(limit, market), fixed('stop_loss')), when(market, trailing));
const inFavour = fc.oneof(
  when(fc.oneof(limit, market), fixed('take_profit')),
  limit.map((order) => ({ ...order, postOnly: true })),
);

/** The orders of a list, each where it may stand. */
const orders = fc.record({
  working: plain,
  pending: fc.oneof(plain, market, against, inFavour),
  pair: fc.tuple(against, inFavour),
  isTurned: fc.boolean(),
});

const drawn = fc
  .record({
    type: fc.constantFrom(...LIST_TYPES),
    orders,
    sides: fc.tuple(fc.constantFrom(...SIDES), fc.constantFrom(...SIDES)),
    quantities: fc.tuple(quantity, quantity),
    feePolicy: fc.constantFrom(...FEE_POLICIES),
    makerFeePpm: fc.integer({ min: -500, max: 5_000 }),
    takerFeePpm: fc.integer({ min: -500, max: 5_000 }),
  })
  .map(({ type, orders: each, sides, quantities, ...terms }) => {
    const pair = each.isTurned ? [...each.pair].reverse() : each.pair;
    const others = type === 'oto' ? [each.pending] : pair;
    const working = { ...each.working, side: sides[0], quantity: quantities[0] };
    const rest = others.map((body) => ({ ...body, side: sides[1], quantity: quantities[1] }));
    return { type, terms, orders: type === 'oco' ? rest : [working, ...rest] };
  });

/** By the page alone: from what the command says of each order. */
function holdsOf(command: PlaceListCommand, terms: Partial<MarketTerms>): [string, bigint][] {
  const feePolicy = terms.config?.feePolicy ?? 'received';
  const holds = listOrders(command).map(({ number, side, priceTicks, quantityLots, ...rates }) => {
    const reserve = feeReservePpm(feePolicy, side, rates.makerFeePpm, rates.takerFeePpm);
    const of = { side, limitPriceTicks: priceTicks, feeReservePpm: reserve };
    const minor = holdMinor(marketScale(CONFIG), of, quantityLots);
    expect(rates.holdMinor).toBe(minor.toString());
    return [orderId(number), minor] as [string, bigint];
  });
  if (command.orders.length < 2) return holds;
  const pair = holds.splice(-2).map(([, minor]) => minor);
  const greater = pair.reduce((one, other) => (one > other ? one : other));
  return [...holds, [listId(command.number), greater]];
}

describe('the holds of a list', () => {
  it('are what its command says, and enough is there or the list is refused', () => {
    const accepted = new Map<string, number>();
    fc.assert(
      fc.property(
        drawn,
        fc.bigInt(0n, 10n ** 11n),
        ({ type, orders: asked, terms: own }, funds) => {
          const { feePolicy, ...rates } = own;
          const terms = { ...rates, config: { ...CONFIG, feePolicy } };
          const plenty = decideList(type, asked, { terms });
          // Too small, say, or at a price that is none.
          if (isRejection(plenty.decision)) return;
          accepted.set(type, (accepted.get(type) ?? 0) + 1);
          const command = plenty.draft.commands.get(BTC)?.commands[0];
          if (command?.kind !== 'place_list') throw new Error('a list is one command');
          expect(findListFault(command)).toBeNull();
          const holds = plenty.draft.holds.map((hold) => [hold.holdId, hold.amountMinor]);
          expect(holds).toEqual(holdsOf(command, terms));
          const needed = plenty.draft.holds.filter(({ asset }) => asset === 'USD');
          const sum = needed.reduce((total, { amountMinor }) => total + amountMinor, 0n);
          const { decision } = decideList(type, asked, { terms, available: { USD: funds } });
          expect(isRejection(decision)).toBe(sum > funds);
        },
      ),
      { numRuns: RUNS },
    );
    // A test that is refused everything has tested nothing.
    for (const type of LIST_TYPES) expect(accepted.get(type)).toBeGreaterThan(RUNS / 10);
  });
});
