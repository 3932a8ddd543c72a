// What every process tells about itself: CPU, memory, how late its event loop runs.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricsRegistry } from './registry.ts';

const NANOSECONDS_PER_SECOND = 1e9;
const NANOSECONDS_PER_MS = 1e6;
const MICROSECONDS_PER_SECOND = 1e6;
/**
 * How often the loop is asked for the time. At the 10 ms that Node takes unless told otherwise, a
 * dozen processes at rest wake up 1,200 times a second: 60 ms of CPU.
 */
const SAMPLE_MS = 100;

/** Registers the gauges; answers a function that stops the event-loop monitor. */
export function registerProcessMetrics(metrics: MetricsRegistry): () => void {
  const cpu = metrics.gauge('process_cpu_seconds', 'CPU time used so far, user and system.').with();
  const memory = metrics.gauge('process_resident_memory_bytes', 'Resident memory.').with();
  const heap = metrics.gauge('process_heap_used_bytes', 'JavaScript heap in use.').with();
  const delay = metrics
    .gauge('process_event_loop_delay_seconds', 'Event loop delay, 99th percentile since the last.')
    .with();
  const monitor = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  monitor.enable();
  metrics.onCollect(() => {
    const used = process.cpuUsage();
    cpu.set((used.user + used.system) / MICROSECONDS_PER_SECOND);
    const sizes = process.memoryUsage();
    memory.set(sizes.rss);
    heap.set(sizes.heapUsed);
    // What Node counts is the time between two samples.
    const late = monitor.percentile(99) - SAMPLE_MS * NANOSECONDS_PER_MS;
    delay.set(Math.max(0, late) / NANOSECONDS_PER_SECOND);
    monitor.reset();
  });
  return () => monitor.disable();
}
