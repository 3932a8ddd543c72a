// A seeded flow over many markets: half rests, three tenths cancel, two tenths cross. The same seed
// gives the same flow, on any machine.
import type { Side } from '../../../shared/domain/order.ts';
import { marketMidTicks, smallestLots } from './price-level.ts';
import type { FlowStep, MarketSteps, Recording } from '../flow.ts';

const RESTING_SHARE = 0.5;
const CANCEL_SHARE = 0.3;
/** How far from the middle orders rest, and how far beyond it they cross. */
const RESTING_TICKS_MAX = 50;
const CROSSING_TICKS_MAX = 20;
const SIZE_FACTOR_MAX = 20;

interface GeneratedMarket {
  readonly steps: MarketSteps;
  readonly midTicks: number;
  readonly lotsMin: number;
  readonly resting: string[];
}

export function generateFlow(
  markets: readonly MarketSteps[],
  count: number,
  seed: number,
): Recording {
  const random = createRandom(seed);
  const states = markets.map((steps): GeneratedMarket => {
    const midTicks = marketMidTicks(steps);
    return { steps, midTicks, lotsMin: smallestLots(steps, midTicks), resting: [] };
  });
  const flow: FlowStep[] = [];
  for (let number = 1; number <= count; number += 1) {
    const state = states[Math.floor(random() * states.length)];
    if (state === undefined) throw new RangeError('no markets to make a flow for');
    flow.push(nextStep(state, `g${number}`, random));
  }
  const skipped = { unknown: 0, outcomes: 0, unfit: 0 };
  const stepsAfterRow = flow.map((_, at) => at + 1);
  return { steps: flow, rows: count, stepsAfterRow, skipped, filledLots: new Map() };
}

function nextStep(state: GeneratedMarket, name: string, random: () => number): FlowStep {
  const { market } = state.steps;
  const draw = random();
  if (draw >= RESTING_SHARE && draw < RESTING_SHARE + CANCEL_SHARE && state.resting.length > 0) {
    const at = Math.floor(random() * state.resting.length);
    // The last takes the place of the one that goes: no shifting.
    const chosen = state.resting[at] ?? '';
    const last = state.resting.pop() ?? '';
    if (at < state.resting.length) state.resting[at] = last;
    return { kind: 'cancel', market, name: chosen };
  }
  const crosses = draw >= RESTING_SHARE + CANCEL_SHARE;
  const side: Side = random() < 0.5 ? 'buy' : 'sell';
  const away = 1 + Math.floor(random() * (crosses ? CROSSING_TICKS_MAX : RESTING_TICKS_MAX));
  const upwards = (side === 'sell') !== crosses;
  const priceTicks = Math.max(1, state.midTicks + (upwards ? away : -away));
  const quantityLots = state.lotsMin * (1 + Math.floor(random() * SIZE_FACTOR_MAX));
  if (!crosses) state.resting.push(name);
  const timeInForce = crosses ? 'IOC' : 'GTC';
  return { kind: 'place', market, name, side, priceTicks, quantityLots, timeInForce };
}

/** mulberry32: 32 bits of state are plenty for a test flow, and it is the same everywhere. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
