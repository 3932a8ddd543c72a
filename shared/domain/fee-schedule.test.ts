// Schedules that are refused before the database has to.
import { describe, expect, it } from 'vitest';
import { readTiers, scheduleDescription, type ScheduleDescription } from './fee-schedule.ts';

const USD = { asset: 'USD', decimals: 2 };
type Tier = ScheduleDescription['tiers'][number];

function tier(name: string, leastVolume: string, makerPpm: number, takerPpm: number): Tier {
  return { tier: name, leastVolume, makerPpm, takerPpm };
}
const STANDARD = tier('standard', '0', 1_000, 2_000);

function read(tiers: Tier[], reference: typeof USD | null = USD) {
  return readTiers({ schedule: 'exchange', tiers }, reference);
}

describe('a schedule is refused', () => {
  it.each<[string, Tier[]]>([
    ['the first tier begins at 0', [tier('standard', '1', 1, 1)]],
    ['two tiers are named standard', [STANDARD, { ...STANDARD, leastVolume: '5' }]],
    [
      'vip needs more volume than gold',
      [STANDARD, tier('gold', '9', 1, 1), tier('vip', '9', 1, 1)],
    ],
    ['vip: 1.001 is finer than USD allows', [STANDARD, tier('vip', '1.001', 1, 1)]],
    [
      'a maker of vip (-0.0003) and a taker of gold (0.0002): the rebate is more than the fee',
      [STANDARD, tier('gold', '5', 0, 200), tier('vip', '9', -300, 400)],
    ],
  ])('because %s', (fault, tiers) => {
    expect(read(tiers)).toEqual({ fault });
  });

  it('because volumes are measured in nothing yet', () => {
    const fault = 'a volume needs a reference asset: set one first';
    expect(read([STANDARD, tier('vip', '9', 1, 1)], null)).toEqual({ fault });
  });

  it.each([
    [{ schedule: 'btc-usd', tiers: [STANDARD] }],
    [{ schedule: 'exchange', tiers: [] }],
    [{ schedule: 'exchange', tiers: [{ ...STANDARD, makerPpm: 0.5 }] }],
    [{ schedule: 'exchange', tiers: [{ ...STANDARD, takerPpm: 1_000_001 }] }],
    [{ schedule: 'exchange', tiers: [{ ...STANDARD, tier: 'Standard' }] }],
    [{ schedule: 'exchange', tiers: [STANDARD], effectiveFrom: '2026-01-31' }],
    [{ schedule: 'exchange', tiers: [STANDARD], version: 3 }],
  ])('as malformed: %j', (description) => {
    expect(scheduleDescription.safeParse(description).success).toBe(false);
  });
});

describe('a schedule', () => {
  it('is in base units of the reference asset', () => {
    expect(read([STANDARD, tier('vip', '250000.5', -100, 500)])).toEqual([
      { tier: 'standard', volumeMinorMin: '0', makerPpm: 1_000, takerPpm: 2_000 },
      { tier: 'vip', volumeMinorMin: '25000050', makerPpm: -100, takerPpm: 500 },
    ]);
  });

  it('of one tier needs no reference asset', () => {
    expect(read([STANDARD], null)).toHaveLength(1);
  });
});
