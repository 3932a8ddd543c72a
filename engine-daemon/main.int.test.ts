// The real process: what signals, a vanished parent and a bad configuration do to it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../shared/testing/free-port.ts';
import { BTC_USD, limitOrder, marketConfig } from './testing/commands.ts';
import {
  eventsOf,
  eventually,
  hashes,
  openEngineLab,
  type EngineLab,
  type TestShard,
} from './testing/engine-lab.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

interface EngineProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly output: () => string;
}

describe('the engine process', () => {
  const children: ChildProcess[] = [];
  let lab: EngineLab;
  beforeAll(async () => {
    lab = await openEngineLab();
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await lab.close();
  });

  function launch(environment: Record<string, string>): EngineProcess {
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    children.push(child);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const exited = once(child, 'exit').then(([code]) => code as number | null);
    return { child, exited, output: () => text };
  }

  function launchFor(shard: TestShard, more: Record<string, string> = {}): EngineProcess {
    return launch({
      ENGINE_SHARD: String(shard.number),
      ENGINE_SNAPSHOT_DIR: shard.dir,
      BUS_URL: lab.engineUrl,
      DATABASE_URL: lab.engineUrl,
      PORT: '0',
      ...more,
    });
  }

  async function waitUntilReady(engine: EngineProcess): Promise<number> {
    const ready = once(engine.child, 'message').then(([message]) => message as unknown);
    const early = engine.exited.then((code) => {
      throw new Error(`the engine ended with ${String(code)}: ${engine.output()}`);
    });
    const message = await Promise.race([ready, early]);
    expect(message).toMatchObject({ kind: 'ready' });
    return (message as { port: number }).port;
  }

  it('refuses to start without its configuration, naming what is missing', async () => {
    const engine = launch({ BUS_URL: 'postgres://127.0.0.1:1/none' });
    expect(await engine.exited).not.toBe(0);
    expect(engine.output()).toContain('ENGINE_SNAPSHOT_DIR');
  });

  it('ends when it cannot reach the log, so that it is started again', async () => {
    const shard = await lab.nextShard();
    const engine = launch({
      ENGINE_SNAPSHOT_DIR: shard.dir,
      BUS_URL: 'postgres://user:hidden-word@127.0.0.1:1/none',
      DATABASE_URL: 'postgres://user:hidden-word@127.0.0.1:1/none',
      PORT: '0',
    });
    expect(await engine.exited).toBe(1);
    expect(engine.output()).toContain('the engine could not start');
    expect(engine.output()).not.toContain('hidden-word');
  });

  it('writes a snapshot at SIGTERM, ends with 0, and ends when its parent is gone', async () => {
    const shard = await lab.nextShard();
    const first = launchFor(shard);
    const port = await waitUntilReady(first);
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    expect([health.status, await health.text()]).toEqual([200, 'ready\n']);
    await shard.send(BTC_USD, [
      marketConfig({ number: 1 }),
      limitOrder({ number: 2, userNumber: 1, side: 'sell', priceTicks: 500, lots: 3 }),
    ]);
    await eventually(async () => expect(await shard.outputs()).toHaveLength(1));
    const metrics = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(await metrics.text()).toContain('engine_open_orders{market="BTC-USD"} 1');
    first.child.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect((await readdir(shard.dir)).filter((name) => name.endsWith('.snapshot'))).toEqual([
      `shard-${shard.number}-0000000000000000.snapshot`,
    ]);

    const second = launchFor(shard);
    await waitUntilReady(second);
    expect(second.output()).toContain('starting from a snapshot');
    second.child.disconnect();
    expect(await second.exited).toBe(1);
  });

  it('loses nothing when it is killed in the middle of its work', async () => {
    const shard = await lab.nextShard();
    const first = launchFor(shard);
    await waitUntilReady(first);
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    for (let number = 2; number < 302; number++) {
      const side = number % 2 === 0 ? 'sell' : 'buy';
      const order = { number, userNumber: 1 + (number % 3), priceTicks: 100 + (number % 5) };
      await shard.send(BTC_USD, [limitOrder({ ...order, side, lots: 1 + (number % 4) })]);
      if (number === 150) first.child.kill('SIGKILL');
    }
    await first.exited;
    expect(eventsOf(await shard.outputs(), BTC_USD).length).toBeGreaterThan(0);
    const second = launchFor(shard);
    await waitUntilReady(second);
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
    const events = eventsOf(await shard.outputs(), BTC_USD);

    const other = await lab.nextShard();
    const oracle = await shard.start({ snapshotDir: other.dir });
    const restarted = await shard.start();
    expect(oracle.daemon.markets.get(BTC_USD).sequence).toBe(events.length);
    expect(hashes(restarted)).toEqual(hashes(oracle));
  });

  it('is followed by a standby when it is stopped or killed, and finds that out', async () => {
    const shard = await lab.nextShard();
    const lease = { ENGINE_LEASE_MS: '3000' };
    const port = String(await findFreePort());
    const first = launchFor(shard, { ...lease, ENGINE_NAME: 'a' });
    await waitUntilReady(first);
    const second = launchFor(shard, { ...lease, ENGINE_NAME: 'b', PORT: port });
    await eventually(() => expect(second.output()).toContain('standing by for the lease'));
    const probe = async (path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    expect([await probe('/startupz'), await probe('/readyz')]).toEqual([200, 503]);
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    await eventually(async () => expect(await shard.outputs()).toHaveLength(1));

    first.child.kill('SIGSTOP');
    await waitUntilReady(second);
    const order = { userNumber: 1, side: 'sell', priceTicks: 500, lots: 3 } as const;
    await shard.send(BTC_USD, [limitOrder({ ...order, number: 2 })]);
    await eventually(async () => expect(await shard.outputs()).toHaveLength(2));
    first.child.kill('SIGCONT');
    expect(await first.exited).toBe(1);
    expect(first.output()).toContain('another engine runs shard');

    const third = launchFor(shard, { ...lease, ENGINE_NAME: 'c' });
    await eventually(() => expect(third.output()).toContain('standing by for the lease'));
    second.child.kill('SIGKILL');
    await waitUntilReady(third);
    await shard.send(BTC_USD, [limitOrder({ ...order, number: 3 })]);
    await eventually(async () => expect(await shard.outputs()).toHaveLength(3));
    third.child.kill('SIGTERM');
    expect(await third.exited).toBe(0);
    const outputs = await shard.outputs();
    expect(eventsOf(outputs, BTC_USD)).toHaveLength(3);
    expect(outputs.map((output) => output.epoch)).toEqual([1, 2, 3]);
  });

  it('has a standby that follows the log, and replays no more than the last moment', async () => {
    const [shard, other] = [await lab.nextShard(), await lab.nextShard()];
    // Renewed, and with that heard of, every 600 ms.
    const lease = { ENGINE_LEASE_MS: '3000', ENGINE_SNAPSHOT_EVERY_COMMANDS: '1000000' };
    const first = launchFor(shard, { ...lease, ENGINE_NAME: 'a' });
    await waitUntilReady(first);
    const second = launchFor(shard, {
      ...lease,
      ENGINE_NAME: 'b',
      // On another machine.
      ENGINE_SNAPSHOT_DIR: other.dir,
    });
    await eventually(() => expect(second.output()).toContain('standing by for the lease'));
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    for (let number = 2; number < 21_000; number += 500) {
      const orders = Array.from({ length: 500 }, (_, at) => {
        const side = at % 2 === 0 ? ('sell' as const) : ('buy' as const);
        const order = { number: number + at, userNumber: 1 + (at % 3), side, lots: 1 + (at % 4) };
        return limitOrder({ ...order, priceTicks: 100 + (at % 5) });
      });
      await shard.send(BTC_USD, orders);
      await sleep(20);
    }
    await eventually(async () => {
      const commands = (await shard.outputs()).at(-1)?.lastSequence ?? 0;
      expect(commands).toBeGreaterThan(21_000);
    });
    // Several renewals.
    await sleep(3_000);
    const last = { number: 30_000, userNumber: 9, side: 'buy', priceTicks: 1, lots: 1 } as const;
    await shard.send(BTC_USD, [limitOrder(last)]);
    first.child.kill('SIGKILL');
    await waitUntilReady(second);
    expect(second.output()).toContain('starting from what the standby followed');
    const replayed = /"commands":([0-9]+),"msg":"caught up with the command log"/;
    expect(Number(replayed.exec(second.output())?.[1])).toBeLessThan(2_000);
    const outputs = await shard.outputs();
    expect(new Set(outputs.map(({ epoch }) => epoch)).size).toBeLessThanOrEqual(2);
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
    const oracle = await shard.start({ snapshotDir: (await lab.nextShard()).dir });
    const restarted = await shard.start({ snapshotDir: other.dir });
    expect(eventsOf(await shard.outputs(), BTC_USD)).toHaveLength(
      oracle.daemon.markets.get(BTC_USD).sequence,
    );
    expect(hashes(restarted)).toEqual(hashes(oracle));
  }, 120_000);

  it('ends at once when it is stopped while it stands by', async () => {
    const shard = await lab.nextShard();
    const first = launchFor(shard, { ENGINE_NAME: 'a' });
    await waitUntilReady(first);
    await shard.send(BTC_USD, [marketConfig({ number: 1 })]);
    const second = launchFor(shard, { ENGINE_NAME: 'b' });
    await eventually(() => expect(second.output()).toContain('starting from'));
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
    expect(second.output()).not.toContain('took too long');
  });
});
