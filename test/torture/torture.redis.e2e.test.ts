// The short form of the torture: one round that holds every kind of fault and every crash point. It
// takes five minutes, so it runs where the run of the tests has servers, as CI's does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageOf } from './report/page.ts';
import { torture } from './run.ts';

const ORDERS_MIN = 10_000;
const KILLS_MIN = 60;

describe('an exchange whose every part is killed, stalled, cut off and damaged', () => {
  it('loses nothing, invents nothing, and comes to rest', async () => {
    const reportDir = mkdtempSync(join(tmpdir(), 'bourse-torture-'));
    const said: string[] = [];
    const report = await torture(
      {
        minutes: 0,
        rounds: 1,
        seed: 1,
        profile: 'short',
        orders: ORDERS_MIN,
        clients: 24,
        rate: 240,
        reportDir,
        beside: ['redis'],
        shards: 2,
        only: null,
        printsSchedule: false,
      },
      (line) => said.push(line),
    );
    const told = `${said.join('\n')}\n${pageOf(report)}`;
    expect(report.violations, told).toEqual([]);
    expect(report.notCovered, told).toEqual([]);
    expect(report.kills).toBeGreaterThanOrEqual(KILLS_MIN);
    expect(report.killsOfEverything).toBeGreaterThanOrEqual(2);
    expect(report.orders.ok).toBeGreaterThanOrEqual(ORDERS_MIN);
    expect(report.lists.ok).toBeGreaterThan(200);
    expect(report.lists.pairsTraded).toBeGreaterThan(10);
    expect(report.lists.pendingTraded).toBeGreaterThan(10);
    expect(report.trades).toBeGreaterThan(1_000);
    expect(report.liveReads).toBeGreaterThan(100);
    expect(report.restMs).not.toBeNull();
    rmSync(reportDir, { recursive: true, force: true });
  }, 1_200_000);
});
