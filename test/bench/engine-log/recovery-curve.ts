// From SIGKILL of a real engine process to the first command that its successor carries out, over
// the size of the book and the length of the log behind the newest snapshot.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BTC_USD } from '../../../engine-daemon/testing/commands.ts';
import { Bundler } from '../../../knative/emulator/build/bundle.ts';
import { CommandFlow } from './flow.ts';
import { median } from './median.ts';
import { packCommands, type Rig } from './rig.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SEED = 17;
const RUNS = 5;
/** No snapshot may shorten the tail while it is measured. */
const NEVER = '999999999';

export interface Curve {
  readonly restingOrders: readonly number[];
  /** Rising: each tail is grown from the one before. */
  readonly tailCommands: readonly number[];
  readonly commandsPerRecord: number;
}

/** One row a point: milliseconds, median and worst of the runs. */
export async function measureRecoveryCurve(rig: Rig, dir: string, curve: Curve): Promise<object[]> {
  const bundler = await Bundler.open(ROOT, 'engine-daemon/main.ts', 'engine', join(dir, 'build'));
  const { script } = await bundler.build();
  await bundler.dispose();
  const rows: object[] = [];
  for (const restingOrders of curve.restingOrders) {
    const shard = rig.takeShard();
    const flow = new CommandFlow(SEED);
    const prefill = [...flow.configure(), ...flow.resting(restingOrders)];
    await rig.bus.publish(packCommands(shard, BTC_USD, prefill, 500));
    const first = await rig.launch(shard);
    await first.daemon.ready;
    await first.stop();
    const target = { rig, shard, script, flow };
    let inTail = 0;
    for (const tailCommands of curve.tailCommands) {
      const more = flow.mixed(tailCommands - inTail);
      inTail = tailCommands;
      await rig.bus.publish(packCommands(shard, BTC_USD, more, curve.commandsPerRecord));
      rows.push({ restingOrders, tailCommands, ...(await measurePoint(target)) });
    }
  }
  return rows;
}

interface Target {
  readonly rig: Rig;
  readonly shard: number;
  readonly script: string;
  readonly flow: CommandFlow;
}

async function measurePoint(target: Target): Promise<object> {
  const { rig, shard, flow } = target;
  let engine = launch(target);
  await untilReady(engine);
  const readyMs: number[] = [];
  const firstCommandMs: number[] = [];
  const cpuMs: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const { next } = await rig.bus.offsets('engine.executions', shard);
    engine.kill('SIGKILL');
    const killedMs = performance.now();
    const answered = whenOutput(rig, shard, next);
    await rig.bus.publish(packCommands(shard, BTC_USD, flow.resting(1), 1));
    engine = launch(target);
    const port = await untilReady(engine);
    readyMs.push(performance.now() - killedMs);
    await answered;
    firstCommandMs.push(performance.now() - killedMs);
    cpuMs.push(await cpuOf(port));
  }
  engine.kill('SIGKILL');
  return {
    readyMs: median(readyMs),
    firstCommandMs: median(firstCommandMs),
    firstCommandWorstMs: Math.round(Math.max(...firstCommandMs)),
    // Beside the wall clock, because it does not grow when others use the machine.
    cpuMs: median(cpuMs),
  };
}

function launch({ rig, shard, script }: Target): ChildProcess {
  return spawn(process.execPath, ['--enable-source-maps', script], {
    env: {
      ENGINE_SHARD: String(shard),
      ENGINE_NAME: 'bench',
      ENGINE_SNAPSHOT_DIR: rig.snapshotDir,
      ENGINE_SNAPSHOT_EVERY_COMMANDS: NEVER,
      ENGINE_SNAPSHOT_EVERY_MS: '86400000',
      BUS_URL: rig.url,
      DATABASE_URL: rig.url,
      BIND_ADDRESS: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** Resolves with the port. */
async function untilReady(engine: ChildProcess): Promise<number> {
  const ended = once(engine, 'exit').then(([code]) => {
    throw new Error(`the engine ended with ${String(code)}`);
  });
  const [message] = (await Promise.race([once(engine, 'message'), ended])) as [{ port: number }];
  return message.port;
}

/** CPU time that the process has used since it began. */
async function cpuOf(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return 1_000 * Number(/^process_cpu_seconds ([0-9.]+)$/m.exec(text)?.[1]);
}

/** Resolves when the log holds an output at or above this offset. */
async function whenOutput(rig: Rig, shard: number, from: number): Promise<void> {
  const tail = { topic: 'engine.executions', partition: shard, from, batchMax: 1 };
  let stop = (): Promise<void> => Promise.resolve();
  await new Promise<void>((seen, fail) => {
    rig.bus
      .tail({
        ...tail,
        onBatch: () => {
          seen();
          return Promise.resolve();
        },
        onError: fail,
      })
      .then((consumer) => (stop = () => consumer.stop()), fail);
  });
  await stop();
}
