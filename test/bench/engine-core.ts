// The matching core on one core and in memory, beside a peer from npm on the same flow in the same
// run. Medians of several runs; the flow is described in engine/flow.ts.
import { makeFlow, type Flow } from './engine/flow.ts';
import { runOurs, timeClock, timeOurs, type OurRun } from './engine/ours.ts';
import { medianRate, type Rate } from './engine/stopwatch.ts';
import { PEER_NAME, runPeer } from './engine/peer.ts';

const SEED = 20_120_621;
const OPERATIONS = 2_000_000;
const DEPTHS = [1_000, 10_000, 100_000, 1_000_000] as const;
/** The depth that the ratio to the peer is taken at. */
const MAIN_DEPTH = 10_000;
const RUNS = 5;
const DECODED_OPERATIONS = 300_000;
const PEER_OPERATIONS = 50_000;
const PEER_RUNS = 3;
/** The peer needs minutes to fill a book that is deeper. */
const PEER_DEPTH_MAX = 100_000;

interface DepthFigures {
  readonly restingOrdersAtStart: number;
  readonly restingOrdersAtEnd: number;
  readonly operationsPerSecond: number;
  readonly operationsPerCpuSecond: number;
  readonly operationsPerCpuSecondOfEachRun: readonly number[];
  /** With every batch decoded into wire events. */
  readonly decodedOperationsPerCpuSecond: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  /** All that the market has allocated, its 128 kB window of command numbers included. */
  readonly bytesPerRestingOrder: number;
  /** Null where the peer was not run. */
  readonly peerOperationsPerSecond: number | null;
  readonly peerOperationsPerCpuSecond: number | null;
  readonly ratio: number | null;
}

export function run(): Promise<unknown> {
  warmUp();
  const depths = DEPTHS.map((depth) => measureDepth(depth));
  const main = depths.find(({ restingOrdersAtStart }) => restingOrdersAtStart === MAIN_DEPTH);
  return Promise.resolve({
    ours: { name: 'bourse engine core', seed: SEED, clockNs: Math.round(timeClock()), depths },
    peer: { name: PEER_NAME, operationsPerCpuSecond: main?.peerOperationsPerCpuSecond },
    ratio: main?.ratio,
  });
}

function warmUp(): void {
  const flow = makeFlow(SEED + 1, 1_000, 300_000);
  runOurs(flow, { operations: 300_000, decodes: false });
  timeOurs(flow, 300_000);
}

function measureDepth(depth: number): DepthFigures {
  const flow = makeFlow(SEED, depth, OPERATIONS);
  const runs: OurRun[] = [];
  for (let at = 0; at < RUNS; at += 1) {
    runs.push(runOurs(flow, { operations: OPERATIONS, decodes: false }));
  }
  const rate = medianRate(runs.map((each) => each.rate));
  const times = timeOurs(flow, OPERATIONS);
  const decoded = runOurs(flow, { operations: DECODED_OPERATIONS, decodes: true });
  const peer = depth > PEER_DEPTH_MAX ? null : measurePeer(flow);
  const last = runs[0];
  return {
    restingOrdersAtStart: depth,
    restingOrdersAtEnd: last?.restingOrders ?? 0,
    operationsPerSecond: rate.perSecond,
    operationsPerCpuSecond: rate.perCpuSecond,
    operationsPerCpuSecondOfEachRun: runs.map((each) => each.rate.perCpuSecond),
    decodedOperationsPerCpuSecond: decoded.rate.perCpuSecond,
    p50Ns: percentile(times, 0.5),
    p99Ns: percentile(times, 0.99),
    p999Ns: percentile(times, 0.999),
    bytesPerRestingOrder: Math.round((last?.bytes ?? 0) / (last?.restingOrders ?? 1)),
    peerOperationsPerSecond: peer?.perSecond ?? null,
    peerOperationsPerCpuSecond: peer?.perCpuSecond ?? null,
    ratio: peer === null ? null : Math.round((rate.perCpuSecond / peer.perCpuSecond) * 10) / 10,
  };
}

/** Also checks that both engines trade the same, or the comparison would mean nothing. */
function measurePeer(flow: Flow): Rate {
  const ours = runOurs(flow, { operations: PEER_OPERATIONS, decodes: true });
  const rates: Rate[] = [];
  for (let at = 0; at < PEER_RUNS; at += 1) {
    const peer = runPeer(flow, PEER_OPERATIONS);
    if (peer.tradedLots !== ours.tradedLots) {
      throw new Error(`the peer traded ${peer.tradedLots} lots, we ${ours.tradedLots}`);
    }
    rates.push(peer.rate);
  }
  return medianRate(rates);
}

function percentile(sorted: Float64Array, share: number): number {
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return Math.round(sorted[at] ?? 0);
}
