// What records tell of phases, whatever order they come in.
import { describe, expect, it } from 'vitest';
import { executionsSchema, type Executions } from '../../../shared/events/executions.ts';
import { foldPhases } from './phases.ts';

function record(market: string, firstSequence: number, events: readonly object[]): Executions {
  return executionsSchema.parse({
    market,
    base: 'BTC',
    quote: 'USD',
    feePolicy: 'received',
    epoch: 1,
    firstSequence,
    lastSequence: firstSequence + events.length - 1,
    events: events.map((event, at) => {
      const sequence = firstSequence + at;
      return { sequence, timeMs: 1_000 + sequence, ...event };
    }),
    depth: [],
  });
}

const CONFIGURED = { kind: 'configured', version: 4, status: 'auction' };
const INDICATIVE = {
  kind: 'indicative',
  priceTicks: 100,
  lots: 5,
  surplusSide: 'buy',
  surplusLots: 2,
};
const OPENED = {
  kind: 'phase_changed',
  status: 'trading',
  cause: 'schedule',
  untilMs: null,
  referenceTicks: 0,
};
const UNCROSSED = { kind: 'uncrossed', priceTicks: 101, lots: 7 };
const INTERRUPTED = {
  kind: 'phase_changed',
  status: 'halted',
  cause: 'interruption',
  untilMs: 9_000,
  referenceTicks: 77,
};

describe('phases of records', () => {
  it('are nothing where nothing is told of them', () => {
    const refused = { kind: 'refused', commandNumber: 1, userId: 'usr_0000000000000001' };
    const event = { ...refused, orderId: null, reason: 'ORDER_NOT_FOUND', releaseMinor: '0' };
    expect(foldPhases([record('BTC-USD', 1, [event])])).toEqual([]);
  });

  it('are the newest of each kind, in any order and repeated', () => {
    const records = [
      record('BTC-USD', 1, [CONFIGURED, INDICATIVE]),
      record('BTC-USD', 3, [{ ...INDICATIVE, priceTicks: 0, lots: 0 }]),
      record('BTC-USD', 4, [OPENED, UNCROSSED]),
      record('BTC-USD', 6, [INTERRUPTED]),
    ];
    const expected = {
      market: 'BTC-USD',
      version: 4,
      status: {
        sequence: 6,
        timeMs: 1_006,
        status: 'halted',
        cause: 'interruption',
        untilMs: 9_000,
        referenceTicks: 77,
      },
      indication: {
        sequence: 3,
        timeMs: 1_003,
        priceTicks: 0,
        lots: 0,
        surplusSide: 'buy',
        surplusLots: 2,
      },
      uncrossing: { sequence: 5, timeMs: 1_005, priceTicks: 101, lots: 7 },
    };
    expect(foldPhases(records)).toEqual([expected]);
    expect(foldPhases([...records, ...records].reverse())).toEqual([expected]);
  });

  it('are told by market, in the order of their names', () => {
    const updates = foldPhases([
      record('ETH-USD', 1, [CONFIGURED]),
      record('BTC-USD', 1, [OPENED]),
    ]);
    expect(updates.map(({ market, version }) => [market, version])).toEqual([
      ['BTC-USD', null],
      ['ETH-USD', 4],
    ]);
  });
});
