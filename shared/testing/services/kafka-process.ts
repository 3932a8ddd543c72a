// The Java side of a broker that runs as a local process.
import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const FORMAT_TIMEOUT_MS = 180_000;

export interface FormatOptions {
  readonly java: string;
  readonly classpath: readonly string[];
  readonly config: string;
  readonly dir: string;
  readonly clusterId: string;
  /** Arguments that make users. */
  readonly users: readonly string[];
}

/** Gives a new cluster its identity. A format that was interrupted is done again. */
export async function formatStorage(options: FormatOptions): Promise<void> {
  const marker = join(options.dir, 'formatted');
  if (existsSync(marker)) return;
  rmSync(join(options.dir, 'data'), { recursive: true, force: true });
  const args = ['format', '-t', options.clusterId, '-c', options.config, ...options.users];
  const flags = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=error', ...options.classpath];
  try {
    await promisify(execFile)(options.java, [...flags, 'kafka.tools.StorageTool', ...args], {
      timeout: FORMAT_TIMEOUT_MS,
    });
  } catch (cause) {
    throw new Error('Kafka cannot format its data folder', { cause });
  }
  writeFileSync(marker, '');
}

/** A broker of a few minutes does without the second compiler, which pays after one or two. */
export function javaFlags(heapMegabytes: number, isWarmedUp: boolean): string[] {
  return [
    `-Xmx${heapMegabytes}m`,
    // Measured: two thirds of its time in the first minute.
    ...(isWarmedUp ? [] : ['-XX:TieredStopAtLevel=1']),
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
  ];
}
