// What the engine's process is told by its manifest.
import { z } from 'zod';
import { readConfig, type EnvironmentSource } from './environment.ts';
import { bindAddressField, logLevelField, portField } from './fields.ts';
import { wholeNumberField, type LogLevel } from './fields.ts';

const SHARD_MAX = 1_023;
const PORT_DEFAULT = 8080;
/** Longest name of a pod. */
const NAME_LENGTH_MAX = 253;

/** A process that has just started replays about 25,000 commands a second: this takes 0.4 s. */
const SNAPSHOT_EVERY_COMMANDS = 10_000;
const SNAPSHOT_EVERY_MS = 60_000;
/** More than one, because the newest may turn out to be damaged. */
const SNAPSHOTS_KEPT = 3;
/** How late an order may expire when nothing else happens in its market. */
const TICK_MS = 1_000;
/**
 * How long a shard stands still when its engine's machine is gone with its connections open. A
 * killed process is followed at once: Postgres sees its connection go.
 */
const LEASE_MS = 5_000;

export interface EngineConfig {
  readonly shard: number;
  readonly port: number;
  readonly bindAddress: string | undefined;
  readonly busUrl: string;
  /** Where the lease is kept. */
  readonly databaseUrl: string;
  /** Of the place (the pod), not of the process: it holds the lease. */
  readonly name: string;
  readonly leaseMs: number;
  readonly snapshotDir: string;
  readonly snapshotEveryCommands: number;
  readonly snapshotEveryMs: number;
  readonly snapshotsKept: number;
  readonly tickMs: number;
  readonly logLevel: LogLevel;
}

export function readEngineConfig(source?: EnvironmentSource): EngineConfig {
  const values = readConfig(
    {
      ENGINE_SHARD: wholeNumberField(0, SHARD_MAX).default(0),
      PORT: portField.default(PORT_DEFAULT),
      BIND_ADDRESS: bindAddressField,
      BUS_URL: z.string(),
      DATABASE_URL: z.string(),
      ENGINE_NAME: z.string().max(NAME_LENGTH_MAX).optional(),
      ENGINE_LEASE_MS: wholeNumberField(500, 600_000).default(LEASE_MS),
      ENGINE_SNAPSHOT_DIR: z.string(),
      ENGINE_SNAPSHOT_EVERY_COMMANDS: wholeNumberField(1, 1e9).default(SNAPSHOT_EVERY_COMMANDS),
      ENGINE_SNAPSHOT_EVERY_MS: wholeNumberField(100, 86_400_000).default(SNAPSHOT_EVERY_MS),
      ENGINE_SNAPSHOTS_KEPT: wholeNumberField(1, 100).default(SNAPSHOTS_KEPT),
      ENGINE_TICK_MS: wholeNumberField(10, 60_000).default(TICK_MS),
      LOG_LEVEL: logLevelField.default('info'),
    },
    source,
  );
  return {
    shard: values.ENGINE_SHARD,
    port: values.PORT,
    bindAddress: values.BIND_ADDRESS,
    busUrl: values.BUS_URL,
    databaseUrl: values.DATABASE_URL,
    name: values.ENGINE_NAME ?? `engine-daemon-${values.ENGINE_SHARD}`,
    leaseMs: values.ENGINE_LEASE_MS,
    snapshotDir: values.ENGINE_SNAPSHOT_DIR,
    snapshotEveryCommands: values.ENGINE_SNAPSHOT_EVERY_COMMANDS,
    snapshotEveryMs: values.ENGINE_SNAPSHOT_EVERY_MS,
    snapshotsKept: values.ENGINE_SNAPSHOTS_KEPT,
    tickMs: values.ENGINE_TICK_MS,
    logLevel: values.LOG_LEVEL,
  };
}
