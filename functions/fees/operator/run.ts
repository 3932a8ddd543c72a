// What each command of `npm run fees` does; answers lines for a person.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Pool } from '../../../shared/db/pool.ts';
import { TerminalError } from '../../../shared/domain/failure.ts';
import { formatRate, readTiers, scheduleDescription } from '../../../shared/domain/fee-schedule.ts';
import {
  findReferenceAsset,
  RATE_MEANINGS,
  setSchedule as saveSchedule,
  setUserTerms,
} from '../../../shared/fees/rates-store.ts';
import { findMarket } from '../../../shared/markets/market-store.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import { recomputeTiers } from '../recompute.ts';
import { changeFees } from '../store/audited.ts';
import { listOfUser, listReference, listSchedules, type ScheduleRow } from '../store/show.ts';
import * as write from '../store/write.ts';
import type { Command } from './options.ts';

type Of<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

/** Constraints that an operator can run into, in his words. */
export const MEANINGS: Readonly<Record<string, string>> = {
  ...RATE_MEANINGS,
  discounts_not_backdated: 'a discount cannot begin in the past',
  reference_prices_not_ahead: 'a price cannot be of a time that has not come',
};

export async function runCommand(pool: Pool, command: Command): Promise<readonly string[]> {
  switch (command.kind) {
    case 'schedule':
      return setSchedule(pool, command);
    case 'end-schedule': {
      await getMarket(pool, command.market);
      const { market, from, operator } = command;
      const version = await changeFees(pool, { kind: 'schedule', of: market }, operator, (tx) =>
        saveSchedule(tx, market, null, from, operator),
      );
      return versionLine(version);
    }
    case 'terms':
      return setTerms(pool, command);
    case 'discount':
      return setDiscount(pool, command);
    case 'reference-asset':
      return setReferenceAsset(pool, command);
    case 'reference-price':
      return setReferencePrice(pool, command);
    case 'reference-market':
      return setReferenceMarket(pool, command);
    case 'recompute':
      return recompute(pool, command.day);
    case 'show':
      return command.userId === null ? showAll(pool) : showUser(pool, command.userId);
  }
}

function versionLine(version: number): string[] {
  return [`version ${version}`];
}

async function setTerms(pool: Pool, command: Of<'terms'>): Promise<string[]> {
  const { userId, market, operator } = command;
  await getMarket(pool, market);
  const version = await changeFees(pool, { kind: 'terms', of: userId, market }, operator, (tx) =>
    setUserTerms(tx, command, operator),
  );
  return versionLine(version);
}

async function setDiscount(pool: Pool, command: Of<'discount'>): Promise<string[]> {
  const { userId, from, operator } = command;
  const version = await changeFees(pool, { kind: 'discount', of: userId }, operator, (tx) =>
    write.setDiscount(tx, command, from, operator),
  );
  return versionLine(version);
}

async function setSchedule(pool: Pool, { file, operator }: Of<'schedule'>): Promise<string[]> {
  const parsed = scheduleDescription.safeParse(await readJson(file));
  if (!parsed.success) throw new TerminalError(`${file}: ${z.prettifyError(parsed.error)}`);
  const { schedule, effectiveFrom } = parsed.data;
  if (schedule !== 'exchange') await getMarket(pool, schedule);
  const tiers = readTiers(parsed.data, await findReferenceAsset(pool));
  if ('fault' in tiers) throw new TerminalError(`${file}: ${tiers.fault}`);
  const from = effectiveFrom === undefined ? null : new Date(effectiveFrom);
  const version = await changeFees(pool, { kind: 'schedule', of: schedule }, operator, (tx) =>
    saveSchedule(tx, schedule, tiers, from, operator),
  );
  return versionLine(version);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TerminalError(`${file}: ${reason}`, { cause });
  }
}

async function getMarket(pool: Pool, market: string): Promise<{ base: string; quote: string }> {
  const found = await findMarket(pool, market);
  if (found === null) throw new TerminalError(`no market ${market}`);
  return found.config;
}

async function getAsset(pool: Pool, asset: string): Promise<void> {
  if (!(await write.assetExists(pool, asset))) throw new TerminalError(`no asset ${asset}`);
}

async function setReferenceAsset(
  pool: Pool,
  { asset, operator }: Of<'reference-asset'>,
): Promise<string[]> {
  await getAsset(pool, asset);
  const isSet = await changeFees(pool, { kind: 'reference_asset', of: asset }, operator, (tx) =>
    write.setReferenceAsset(tx, asset, operator),
  );
  if (isSet) {
    return [`volumes are measured in ${asset}`];
  }
  const known = await findReferenceAsset(pool);
  if (known?.asset === asset) return [`volumes are measured in ${asset} (nothing changed)`];
  throw new TerminalError(
    `volumes are measured in ${known?.asset ?? ''}, and all that is written of them: that stays`,
  );
}

async function getReferenceAsset(pool: Pool, asset: string): Promise<string> {
  await getAsset(pool, asset);
  const reference = await findReferenceAsset(pool);
  if (reference === null) throw new TerminalError('no reference asset: set one first');
  if (reference.asset === asset) throw new TerminalError(`${asset} is the reference asset itself`);
  return reference.asset;
}

async function setReferencePrice(pool: Pool, command: Of<'reference-price'>): Promise<string[]> {
  const { asset, price, at, operator } = command;
  const reference = await getReferenceAsset(pool, asset);
  await changeFees(pool, { kind: 'reference_price', of: asset }, operator, (tx) =>
    write.addReferencePrice(tx, { asset, price, pricedAt: at, trade: null }, operator),
  );
  return [`1 ${asset} = ${price} ${reference}, for days that begin after that`];
}

async function setReferenceMarket(pool: Pool, command: Of<'reference-market'>): Promise<string[]> {
  const { asset, market, operator } = command;
  const reference = await getReferenceAsset(pool, asset);
  if (market !== null) {
    const { base, quote } = await getMarket(pool, market);
    if (base !== asset || quote !== reference) {
      throw new TerminalError(`${market} does not price ${asset} in ${reference}`);
    }
  }
  await changeFees(pool, { kind: 'conversion_market', of: asset }, operator, (tx) =>
    write.setConversionMarket(tx, asset, market, operator),
  );
  return [market === null ? `no market prices ${asset}` : `${market} prices ${asset}`];
}

async function recompute(pool: Pool, wanted: string | null): Promise<string[]> {
  const { day, users, written, unpriced } = await recomputeTiers(pool, wanted);
  return [
    `${day}: ${users} users, ${written} written`,
    ...unpriced.map(
      ({ asset, markets }) =>
        `nobody has said what ${asset} was worth before ${day}: ` +
        `${markets.join(', ')} counted nothing (reference price, or reference market)`,
    ),
  ];
}

async function showAll(pool: Pool): Promise<string[]> {
  const reference = await findReferenceAsset(pool);
  const schedules = await listSchedules(pool);
  const prices = await listReference(pool);
  return [
    reference === null
      ? 'no reference asset: every volume counts nothing'
      : `volumes are measured in ${reference.asset}`,
    ...prices.map(({ asset, market, price, pricedAt }) => {
      const from = market === null ? '' : `  from ${market}`;
      const worth = price === null ? 'no price yet' : `${price} (${timeText(pricedAt)})`;
      return `  ${asset}  ${worth}${from}`;
    }),
    ...schedules.flatMap((row) => scheduleLines(row, reference?.decimals ?? 0)),
  ];
}

function scheduleLines(row: ScheduleRow, decimals: number): string[] {
  const state = row.isInForce ? 'in force since' : 'from';
  const ended = row.tiers === null ? '  (ended: the exchange’s holds)' : '';
  return [
    `${row.schedule}  version ${row.version}, ${state} ${timeText(row.effectiveFrom)}${ended}` +
      `  ${row.actor}: ${row.reason}`,
    ...(row.tiers ?? []).map(({ tier, volumeMinorMin, makerPpm, takerPpm }) => {
      const least = formatDecimal(BigInt(volumeMinorMin), decimals);
      return `  ${tier}  from ${least}  maker ${formatRate(makerPpm)}  taker ${formatRate(takerPpm)}`;
    }),
  ];
}

async function showUser(pool: Pool, userId: string): Promise<string[]> {
  const rows = await listOfUser(pool, userId);
  if (rows.length === 0) return [`${userId} has nothing of his own`];
  return rows.map(({ what, at, text, actor, reason }) => {
    const why = actor === null ? '' : `  ${actor}: ${reason ?? ''}`;
    return `${what}  ${timeText(at)}  ${text}${why}`;
  });
}

function timeText(at: Date | null): string {
  return at?.toISOString() ?? '';
}
