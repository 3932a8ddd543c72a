// `npm run markets`: what an operator does to markets, until there is an admin function.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { openBus } from '../bus/open-bus.ts';
import { Outbox } from '../bus/outbox.ts';
import { findVariable, getVariable } from '../config/environment.ts';
import { createPool } from '../db/pool.ts';
import { MARKET_STATUSES, type MarketStatus } from '../domain/market.ts';
import { TOPICS } from '../events/catalog.ts';
import { marketConfigSchema, marketIdField } from '../events/fields.ts';
import { createLogger } from '../telemetry/logger.ts';
import { applyMarket, applyStatus, listMarkets } from './market-store.ts';

const HELP = `npm run markets -- <command>

  list                    markets with their status and version
  apply FILE              creates or changes the market that the JSON file describes; steps,
                          assets and fee policy of a market never change
  halt MARKET             only cancels are taken
  cancel-only MARKET      only cancels and reducing amends are taken
  resume MARKET           back to trading

DATABASE_URL  the database, as a role that may write the schema reference
BUS_URL       the event log; the database itself unless given`;

const STATUS_OF: Readonly<Record<string, MarketStatus>> = {
  halt: 'halted',
  'cancel-only': 'cancel_only',
  resume: 'trading',
};

const fileSchema = marketConfigSchema
  .omit({ version: true, baseDecimals: true, quoteDecimals: true })
  .extend({ status: z.enum(MARKET_STATUSES).optional(), shard: z.int().min(0).default(0) });

const [command, argument] = process.argv.slice(2);
if (command === undefined || command === '--help') {
  console.log(HELP);
} else {
  await run(command, argument);
}

async function run(name: string, target: string | undefined): Promise<void> {
  const url = getVariable('DATABASE_URL');
  const log = createLogger({ service: 'markets', level: 'warn' });
  const pool = createPool({ url, applicationName: 'bourse-markets', connectionsMax: 2 });
  const bus = openBus({ url: findVariable('BUS_URL') ?? url, applicationName: 'markets', log });
  const outbox = new Outbox({ pool, schema: 'reference', bus, log });
  try {
    if (name === 'list') {
      for (const { config, status, shard } of await listMarkets(pool)) {
        console.log(`${config.market}  ${status}  version ${config.version}  shard ${shard}`);
      }
      return;
    }
    if (target === undefined) throw new Error(`${name} needs an argument; see --help`);
    const status = STATUS_OF[name];
    if (name !== 'apply' && status === undefined) throw new Error(`no command ${name}`);
    const applied =
      status === undefined
        ? await applyFile(target)
        : await applyStatus(pool, outbox, marketIdField.parse(target), status);
    console.log(`version ${applied.version}${applied.changed ? '' : ' (nothing changed)'}`);
  } finally {
    await outbox.stop();
    await bus.close();
    await pool.end();
  }

  async function applyFile(file: string): Promise<{ version: number; changed: boolean }> {
    const parsed = fileSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
    if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
    const { status, shard, ...description } = parsed.data;
    const shards = await bus.partitions(TOPICS['orders.accepted'].name);
    if (shard >= shards) throw new Error(`${file}: shard ${shard}, but there are ${shards}`);
    return applyMarket(pool, outbox, description, status, shard);
  }
}
