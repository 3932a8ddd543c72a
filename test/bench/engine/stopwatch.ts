// Rates by the wall clock and by the processor time of this process. On an idle machine they agree;
// on a busy one only the second says anything about the code.
import { performance } from 'node:perf_hooks';

export interface Rate {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

export class Stopwatch {
  private readonly startedMs = performance.now();
  private readonly startedCpu = process.cpuUsage();

  rate(operations: number): Rate {
    const seconds = (performance.now() - this.startedMs) / 1_000;
    const { user, system } = process.cpuUsage(this.startedCpu);
    return {
      perSecond: Math.round(operations / seconds),
      perCpuSecond: Math.round((operations * 1e6) / (user + system)),
    };
  }
}

export function medianRate(rates: readonly Rate[]): Rate {
  return {
    perSecond: median(rates.map(({ perSecond }) => perSecond)),
    perCpuSecond: median(rates.map(({ perCpuSecond }) => perCpuSecond)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
