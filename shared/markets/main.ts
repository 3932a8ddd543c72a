// `npm run markets`: what an operator does to markets, until there is an admin function.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
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
import { forwardRecord } from './forward-record.ts';
import { moveMarket } from './move-market.ts';

const HELP = `npm run markets -- <command>

  list                    markets with their status, version and shard
  apply FILE              creates or changes the market that the JSON file describes; steps,
                          assets and fee policy of a market never change
  halt MARKET             only cancels are taken
  cancel-only MARKET      only cancels and reducing amends are taken
  post-only MARKET        nothing trades: only post-only orders, amends that do not cross, cancels
  limit-only MARKET       everything but market orders is taken
  resume MARKET           back to trading
  move MARKET --to SHARD  to another engine; the market answers 503 until its orders are there.
                          Killed at any point: the same command goes on
  forward LETTER          sends the record of a dead letter that says its market had moved, such
                          as 0@17, to the shard where the market is now

DATABASE_URL  the database, as a role that may write the schema reference
BUS_URL       the event log; the database itself unless given`;

const STATUS_OF: Readonly<Record<string, MarketStatus>> = {
  halt: 'halted',
  'cancel-only': 'cancel_only',
  'post-only': 'post_only',
  'limit-only': 'limit_only',
  resume: 'trading',
};

const fileSchema = marketConfigSchema
  .omit({ version: true, baseDecimals: true, quoteDecimals: true })
  .extend({ status: z.enum(MARKET_STATUSES).optional(), shard: z.int().min(0).optional() });

const { positionals, values: flags } = parseArgs({
  options: { to: { type: 'string' }, help: { type: 'boolean' } },
  allowPositionals: true,
});
const [command, argument] = positionals;
if (command === undefined || flags.help === true) {
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
      for (const { config, status, shard, movingTo } of await listMarkets(pool)) {
        const moving = movingTo === null ? '' : `  moving to ${movingTo}`;
        const { market, version } = config;
        console.log(`${market}  ${status}  version ${version}  shard ${shard}${moving}`);
      }
      return;
    }
    if (target === undefined) throw new Error(`${name} needs an argument; see --help`);
    if (name === 'move') {
      const market = marketIdField.parse(target);
      const toShard = Number(flags.to);
      if (!/^[0-9]{1,9}$/.test(flags.to ?? '')) throw new Error('move needs --to SHARD, a number');
      await moveMarket({ pool, outbox, bus, market, toShard, tell: (line) => console.log(line) });
      return;
    }
    if (name === 'forward') {
      console.log(`sent to shard ${await forwardRecord({ pool, outbox, bus }, target)}`);
      return;
    }
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
    if (shard !== undefined && shard >= shards)
      throw new Error(`${file}: shard ${shard}, but there are ${shards}`);
    return applyMarket(pool, outbox, description, status, shard);
  }
}
