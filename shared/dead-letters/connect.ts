// Finds the exchange: from the environment, or a development exchange that runs on a data folder.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { z } from 'zod';
import type { Bus } from '../bus/bus.ts';
import { openBus } from '../bus/open-bus.ts';
import { findVariable } from '../config/environment.ts';
import { createPool, type Pool } from '../db/pool.ts';
import { createLogger } from '../telemetry/logger.ts';
import { UsageError, type Options } from './options.ts';

const ASK_TIMEOUT_MS = 5_000;

const postgresSchema = z.object({ url: z.string() });
/** `busUrl` where the log is not in the database. */
const emulatorSchema = z.object({ ownUrl: z.url(), busUrl: z.string().optional() });
const topologySchema = z.object({
  services: z.array(z.object({ name: z.string(), address: z.string().nullable() })),
});

export interface Connected {
  readonly bus: Bus;
  readonly pool: Pool;
  /** Where functions are that do not run in a cluster. */
  readonly addresses: ReadonlyMap<string, URL>;
  close(): Promise<void>;
}

/** Throws UsageError when there is no exchange to connect to. */
export async function connect(options: Options): Promise<Connected> {
  const given = findVariable('DATABASE_URL');
  const url = given ?? readFile(options.dataDir, 'postgres.json', postgresSchema)?.url;
  if (url === undefined) {
    throw new UsageError(
      `no exchange runs on ${options.dataDir}: start one, name another with --data-dir, ` +
        'or set DATABASE_URL',
    );
  }
  const emulator =
    given === undefined ? readFile(options.dataDir, 'emulator.json', emulatorSchema) : null;
  const isLocal = emulator !== null && options.command === 'redrive';
  const local = isLocal ? await findLocal(emulator.ownUrl) : new Map<string, URL>();
  const pool = createPool({ url, applicationName: 'bourse-dead-letters', connectionsMax: 3 });
  const bus = openBus({
    url: findVariable('BUS_URL') ?? emulator?.busUrl ?? url,
    applicationName: 'dead-letters',
    log: createLogger({ service: 'dead-letters', level: 'warn' }),
  });
  return {
    bus,
    pool,
    addresses: new Map([...local, ...options.addresses]),
    close: async () => {
      await bus.close();
      await pool.end();
    },
  };
}

/** Functions of a development exchange have ports of their own. */
async function findLocal(ownUrl: string): Promise<Map<string, URL>> {
  const answer = await request(new URL('/topology', ownUrl), {
    signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
  });
  const { services } = topologySchema.parse(await answer.body.json());
  return new Map(
    services.flatMap(({ name, address }): [string, URL][] =>
      address === null ? [] : [[name, new URL(`http://${address}`)]],
    ),
  );
}

function readFile<Shape extends z.ZodType>(
  dir: string,
  name: string,
  shape: Shape,
): z.output<Shape> | null {
  const file = join(dir, name);
  if (!existsSync(file)) return null;
  return shape.parse(JSON.parse(readFileSync(file, 'utf8')));
}
