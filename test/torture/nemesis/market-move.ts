// A market moves to the other of two engines while clients trade in it. The command may be killed
// at one of its places, and an engine in the middle of it; then the command is only given again.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeClient } from '../../audit/database.ts';
import { runProgram } from '../../e2e/exchange.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { pause } from '../pause.ts';
import type { Fault } from '../schedule/fault.ts';
import type { Deed, Scene } from './scene.ts';

/** A market that stays closed is a violation, which the check of liveness finds. */
const MOVE_TIMEOUT_MS = 120_000;
const AGAIN_PAUSE_MS = 500;

let moves = 0;

export async function moveMarket(
  { market, killedAt, killsEngineAfterMs }: Extract<Fault, { kind: 'market-move' }>,
  { cluster, dir }: Scene,
): Promise<Deed> {
  moves += 1;
  const mark = join(dir, `move-${moves}`);
  const to = 1 - (await findShard(cluster, market));
  const killingEngine = killsEngineAfterMs === null ? 0 : killEngine(cluster, killsEngineAfterMs);
  const deadlineMs = performance.now() + MOVE_TIMEOUT_MS;
  let variables = killedAt === null ? {} : { CRASH_POINT: killedAt, CRASH_POINT_FILE: mark };
  let isMoved = false;
  let note = '';
  while (!isMoved && performance.now() < deadlineMs) {
    const done = await runProgram('shared/markets/main.ts', ['move', market, '--to', String(to)], {
      ...cluster.addresses,
      ...variables,
    });
    isMoved = done.code === 0;
    note = done.output.slice(-500);
    variables = {};
    if (!isMoved && done.code !== null) await pause(AGAIN_PAUSE_MS);
  }
  const isKilled = existsSync(mark);
  const engines = await killingEngine;
  const happened =
    isMoved && isKilled === (killedAt !== null) && engines > 0 === (killsEngineAfterMs !== null);
  return { happened, kills: engines + (isKilled ? 1 : 0), note };
}

async function killEngine(cluster: Cluster, afterMs: number): Promise<number> {
  await pause(afterMs);
  return cluster.kill(['engine-daemon']);
}

async function findShard({ postgres }: Cluster, market: string): Promise<number> {
  const client = makeClient(postgres.url);
  await client.connect();
  try {
    const { rows } = await client.query<{ shard: number }>(
      'SELECT shard FROM reference.markets WHERE market = $1',
      [market],
    );
    return rows[0]?.shard ?? 0;
  } finally {
    await client.end();
  }
}
