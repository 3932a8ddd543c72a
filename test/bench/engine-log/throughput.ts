// Commands a second from the command log to durable executions: with a publisher that keeps writing
// beside the engine, and from a backlog, where the log and the engine have the machine.
import { BTC_USD } from '../../../engine-daemon/testing/commands.ts';
import type { OutgoingRecord } from '../../../shared/bus/bus.ts';
import { readMetric, startEngine, untilReady } from './engine-process.ts';
import { CommandFlow } from './flow.ts';
import { packCommands, type Rig } from './rig.ts';

const SEED = 7;
const RESTING_AT_START = 1_000;
/** Records handed to the log at once, by a publisher that does not wait for the engine. */
const RECORDS_PER_PUBLISH = 50;
const POLL_MS = 5;
/** Counts a command once what it led to is durable. */
const DONE = 'engine_commands_total';

export interface Grouping {
  readonly commandsPerRecord: number;
  readonly commands: number;
}

export async function measureThroughput(
  rig: Rig,
  script: string,
  grouping: Grouping,
): Promise<object> {
  const { commands, commandsPerRecord } = grouping;
  const shard = rig.takeShard();
  const flow = new CommandFlow(SEED);
  const first = [...flow.configure(), ...flow.resting(RESTING_AT_START)];
  await rig.bus.publish(packCommands(shard, BTC_USD, first, 100));
  const draw = (): OutgoingRecord[] =>
    packCommands(shard, BTC_USD, flow.mixed(commands), commandsPerRecord);
  const engine = startEngine(rig, shard, script);
  try {
    const port = await untilReady(engine);
    const warmUp = await publishTimed(rig, port, draw(), commands);
    const beside = await publishTimed(rig, port, draw(), commands);
    const backlog = draw();
    const done = await readMetric(port, DONE);
    const cpuBefore = await readMetric(port, 'process_cpu_seconds');
    engine.kill('SIGSTOP');
    await publishAll(rig, backlog);
    engine.kill('SIGCONT');
    const startedMs = performance.now();
    await untilDone(port, done + commands);
    const drained = performance.now() - startedMs;
    const cpu = (await readMetric(port, 'process_cpu_seconds')) - cpuBefore;
    return {
      ...grouping,
      whilePublishing: perSecond(commands, beside),
      fromBacklog: perSecond(commands, drained),
      engineCpuMicrosPerCommand: Math.round((cpu * 1e7) / commands) / 10,
      firstPass: perSecond(commands, warmUp),
    };
  } finally {
    engine.kill('SIGKILL');
  }
}

/** Publishes the records; answers the milliseconds until their commands are done. */
async function publishTimed(
  rig: Rig,
  port: number,
  records: readonly OutgoingRecord[],
  commands: number,
): Promise<number> {
  const done = await readMetric(port, DONE);
  const startedMs = performance.now();
  await publishAll(rig, records);
  await untilDone(port, done + commands);
  return performance.now() - startedMs;
}

async function untilDone(port: number, commands: number): Promise<void> {
  while ((await readMetric(port, DONE)) < commands) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function publishAll(rig: Rig, records: readonly OutgoingRecord[]): Promise<void> {
  for (let at = 0; at < records.length; at += RECORDS_PER_PUBLISH) {
    await rig.bus.publish(records.slice(at, at + RECORDS_PER_PUBLISH));
  }
}

function perSecond(commands: number, ms: number): number {
  return Math.round(commands / (ms / 1_000));
}
