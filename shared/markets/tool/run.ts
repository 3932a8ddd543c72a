// Does what an operator asks of markets, and says what was done.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Bus } from '../../bus/bus.ts';
import type { Outbox } from '../../bus/outbox.ts';
import type { Pool } from '../../db/pool.ts';
import { TerminalError } from '../../domain/failure.ts';
import { MARKET_STATUSES } from '../../domain/market.ts';
import { TOPICS } from '../../events/catalog.ts';
import { marketConfigSchema } from '../../events/fields.ts';
import { checkSchedule } from '../decide-change.ts';
import { forwardRecord } from '../forward-record.ts';
import {
  applyMarket,
  applyStatus,
  changeKnown,
  findMarket,
  listMarkets,
  type DecidePart,
} from '../market-store.ts';
import { moveMarket } from '../move-market.ts';
import type { Applied, ChangeNote } from '../stored-market.ts';
import { describe, summarize } from './describe.ts';
import type { Options } from './options.ts';
import { patchSettings } from './settings.ts';

/** What the tool works on; `tell` prints a line. */
export interface Workplace {
  readonly pool: Pool;
  readonly outbox: Outbox;
  readonly bus: Bus;
  readonly nowMs: number;
  readonly tell: (line: string) => void;
}

const fileSchema = marketConfigSchema
  .omit({ version: true, baseDecimals: true, quoteDecimals: true })
  .extend({ status: z.enum(MARKET_STATUSES).optional(), shard: z.int().min(0).optional() });

/** Throws what the command was refused for. */
export async function runCommand(at: Workplace, options: Options): Promise<void> {
  const { pool, outbox, bus, tell, nowMs } = at;
  switch (options.command) {
    case 'list':
      for (const stored of await listMarkets(pool)) tell(summarize(stored, nowMs));
      return;
    case 'show': {
      const stored = await findMarket(pool, options.market);
      if (stored === null) throw new TerminalError(`no market ${options.market}`);
      describe(stored, nowMs).forEach(tell);
      return;
    }
    case 'move': {
      const { market, toShard } = options;
      await moveMarket({ pool, outbox, bus, market, toShard, tell });
      return;
    }
    case 'forward':
      tell(`sent to shard ${await forwardRecord({ pool, outbox, bus }, options.letter)}`);
      return;
    case 'apply':
    case 'status':
    case 'schedule':
    case 'settings': {
      const { version, changed } = await applyChange(at, options);
      tell(`version ${version}${changed ? '' : ' (nothing changed)'}`);
    }
  }
}

type ChangeOptions = Extract<Options, { readonly note: ChangeNote }>;

async function applyChange(at: Workplace, options: ChangeOptions): Promise<Applied> {
  const { pool, outbox } = at;
  const { note } = options;
  switch (options.command) {
    case 'apply':
      return applyFile(at, options.file, note);
    case 'status':
      return applyStatus(pool, outbox, options.market, options.status, note);
    case 'schedule': {
      const { market, schedule } = options;
      const decide: DecidePart = (before) => {
        checkSchedule(before.status, schedule, before.nowMs);
        return { schedule };
      };
      return changeKnown(pool, outbox, market, decide, note);
    }
    case 'settings': {
      const { market, patch } = options;
      const decide: DecidePart = ({ config }) => ({
        description: patchSettings(config, patch),
      });
      return changeKnown(pool, outbox, market, decide, note);
    }
  }
}

async function applyFile(
  { pool, outbox, bus }: Workplace,
  file: string,
  note: ChangeNote,
): Promise<Applied> {
  const parsed = fileSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  const { status, shard, ...description } = parsed.data;
  const shards = await bus.partitions(TOPICS['orders.accepted'].name);
  if (shard !== undefined && shard >= shards) {
    throw new Error(`${file}: shard ${shard}, but there are ${shards}`);
  }
  return applyMarket(pool, outbox, description, status, shard, note);
}
