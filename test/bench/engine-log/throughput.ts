// Commands a second from the command log to durable executions, the engine running while they come.
import { BTC_USD } from '../../../engine-daemon/testing/commands.ts';
import { CommandFlow } from './flow.ts';
import { packCommands, whenApplied, type Rig } from './rig.ts';

const SEED = 7;
const RESTING_AT_START = 1_000;
/** Records handed to the log at once, by a publisher that does not wait for the engine. */
const RECORDS_PER_PUBLISH = 50;

export interface Grouping {
  readonly commandsPerRecord: number;
  readonly commands: number;
}

export async function measureThroughput(rig: Rig, grouping: Grouping): Promise<object> {
  const shard = rig.takeShard();
  const flow = new CommandFlow(SEED);
  const first = [...flow.configure(), ...flow.resting(RESTING_AT_START)];
  await rig.bus.publish(packCommands(shard, BTC_USD, first, 100));
  const records = packCommands(
    shard,
    BTC_USD,
    flow.mixed(grouping.commands),
    grouping.commandsPerRecord,
  );
  const engine = await rig.launch(shard);
  await engine.daemon.ready;
  const { next } = await rig.bus.offsets('orders.accepted', shard);
  const startedMs = performance.now();
  for (let at = 0; at < records.length; at += RECORDS_PER_PUBLISH) {
    await rig.bus.publish(records.slice(at, at + RECORDS_PER_PUBLISH));
  }
  const publishedMs = performance.now();
  await whenApplied(engine, next + records.length);
  const doneMs = performance.now();
  const outputs = (await rig.bus.offsets('engine.executions', shard)).next;
  await engine.crash();
  return {
    ...grouping,
    commandsPerSecond: Math.round(grouping.commands / ((doneMs - startedMs) / 1_000)),
    publishingAloneMs: Math.round(publishedMs - startedMs),
    engineBehindMs: Math.round(doneMs - publishedMs),
    outputRecords: outputs,
  };
}
