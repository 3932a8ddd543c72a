// From SIGKILL of a real engine process to the first command that its successor carries out, over
// the size of the book and the length of the log behind the newest snapshot.
import { BTC_USD } from '../../../engine-daemon/testing/commands.ts';
import { readMetric, startEngine, untilReady } from './engine-process.ts';
import { CommandFlow } from './flow.ts';
import { median } from './median.ts';
import { packCommands, type Rig } from './rig.ts';

const SEED = 17;
const RUNS = 5;

export interface Curve {
  readonly restingOrders: readonly number[];
  /** Rising: each tail is grown from the one before. */
  readonly tailCommands: readonly number[];
  readonly commandsPerRecord: number;
}

/** One row a point: milliseconds, median and worst of the runs. */
export async function measureRecoveryCurve(
  rig: Rig,
  script: string,
  curve: Curve,
): Promise<object[]> {
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
  let engine = startEngine(rig, shard, target.script);
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
    engine = startEngine(rig, shard, target.script);
    const port = await untilReady(engine);
    readyMs.push(performance.now() - killedMs);
    await answered;
    firstCommandMs.push(performance.now() - killedMs);
    cpuMs.push(1_000 * (await readMetric(port, 'process_cpu_seconds')));
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
