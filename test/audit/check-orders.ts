// The orders and fills that users see, against the log (M1) and the replay (M6).
import type pg from 'pg';
import { feesOf } from '../oracle/naive-amounts.ts';
import type { ExecutionCheck } from './check-executions.ts';
import { readRows } from './database.ts';
import type { Findings } from './findings.ts';
import { numberIn, type OrderChange, type OrderStory } from './order-stories.ts';
import type { Replay } from './replay.ts';
import { canonical } from './wire.ts';

/** Columns are selected under the names of the command's fields. */
interface OrderRow {
  readonly number: number;
  readonly market: string;
  readonly accepted: Readonly<Record<string, unknown>>;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly status: string;
  readonly reason: string | null;
  readonly lastSequence: number;
  readonly amendSequence: number;
  readonly remainingLots: number;
  readonly filledLots: number;
  readonly filledQuote: bigint;
}

interface FillRow {
  readonly orderNumber: number;
  readonly userNumber: number;
  readonly market: string;
  readonly sequence: number;
  readonly side: string;
  readonly liquidity: 'maker' | 'taker';
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly quoteMinor: bigint;
  readonly feeAsset: string;
  readonly feeMinor: bigint;
}

interface FillSum {
  count: number;
  lots: number;
  quoteMinor: bigint;
}

export interface OrderCounts {
  readonly orders: number;
  readonly fills: number;
  /** Orders whose row is behind what the engine has recorded. */
  readonly behind: number;
}

const OPEN = ['accepted', 'untriggered', 'open', 'partially_filled'];

export async function checkOrders(
  client: pg.Client,
  replay: Replay,
  executions: ExecutionCheck,
  findings: Findings,
): Promise<OrderCounts> {
  const fills = new Map<number, FillSum>();
  const fillCount = await checkFills(client, replay, fills, findings);
  const seen = new Set<number>();
  let behind = 0;
  const rows = readRows<OrderRow>(
    client,
    `SELECT order_number AS number, market, json_build_object('userNumber', user_number,
       'side', side, 'type', type, 'timeInForce', time_in_force, 'postOnly', post_only,
       'selfTradePrevention', self_trade_prevention, 'expiresAtMs', expires_at_ms,
       'makerFeePpm', maker_fee_ppm, 'takerFeePpm', taker_fee_ppm,
       'holdMinor', hold_minor::text, 'displayLots', display_lots,
       'replacesNumber', replaces_number, 'listNumber', list_number, 'isPair', is_pair,
       'isPending', is_pending, 'pegLimitTicks', peg_limit_ticks,
       'peg', CASE WHEN peg_to IS NOT NULL THEN
         json_build_object('to', peg_to, 'offsetLevels', peg_offset_levels) END, 'trigger', CASE WHEN trigger_type IS NOT NULL THEN
         json_strip_nulls(json_build_object('kind', trigger_type,
           'priceTicks', trigger_price_ticks, 'trailBps', trail_bps,
           'activationPriceTicks', activation_price_ticks)) END) AS accepted,
       price_ticks AS "priceTicks", quantity_lots AS "quantityLots", status, reason,
       last_sequence AS "lastSequence", amend_sequence AS "amendSequence",
       remaining_lots AS "remainingLots", filled_lots AS "filledLots",
       filled_quote_minor AS "filledQuote"
     FROM orders.orders ORDER BY order_number`,
  );
  for await (const row of rows) {
    seen.add(row.number);
    const story = replay.orders.find(row.number);
    if (story === null) {
      findings.violate('M1', 'an accepted order is neither in the log nor in the outbox', {
        ...row,
      });
      continue;
    }
    checkAccepted(row, story, findings);
    const sum = fills.get(row.number) ?? { count: 0, lots: 0, quoteMinor: 0n };
    const recorded = executions.recorded(story.market);
    for (const problem of projectionProblems(row, story, sum, recorded)) {
      findings.violate('M6', problem, { ...row, fills: sum, replayed: lastChange(story) });
    }
    if (!isProjected(row, story, sum)) behind += 1;
  }
  for (const { number, market } of replay.orders.all()) {
    if (seen.has(number)) continue;
    findings.violate('M1', 'an order in the log was never accepted', {
      orderNumber: number,
      market,
    });
  }
  return { orders: seen.size, fills: fillCount, behind };
}

function checkAccepted(row: OrderRow, story: OrderStory, findings: Findings): void {
  const logged = new Map<string, unknown>(Object.entries(story.place));
  const { place, list } = story;
  logged.set('replacesNumber', place.replaces?.orderNumber);
  logged.set('pegLimitTicks', place.peg === undefined ? null : place.priceTicks);
  const role = list ?? { listNumber: null, isPair: false, isPending: false };
  for (const [name, value] of Object.entries(role)) logged.set(name, value);
  const fields = Object.keys(row.accepted).map((name) => [name, logged.get(name) ?? null] as const);
  const expected = Object.fromEntries(fields);
  if (row.market === story.market && canonical(row.accepted) === canonical(expected)) return;
  const { number, market, accepted } = row;
  const problem = 'an order is not what the log says was accepted';
  findings.violate('M1', problem, { number, market, accepted, expected });
}

function* projectionProblems(
  row: OrderRow,
  story: OrderStory,
  fills: FillSum,
  recorded: number,
): Generator<string> {
  const change = story.changes.find(({ sequence }) => sequence === row.lastSequence);
  const end = story.ends[0];
  if (row.filledLots !== fills.lots || row.filledQuote !== fills.quoteMinor) {
    yield 'the filled quantity of an order is not the sum of its fills';
  }
  const terms = termsOf(row, story);
  if (row.priceTicks !== terms?.priceTicks || row.quantityLots !== terms.quantityLots) {
    yield 'an order shows another price or quantity than its last amend';
  }
  if (row.lastSequence > recorded) yield 'an order shows an event that is not recorded';
  if (row.lastSequence > 0 && change === undefined) {
    yield 'an order shows an event that is not about it';
    return;
  }
  const remaining = change?.remainingLots ?? story.place.quantityLots;
  if (row.remainingLots !== remaining) yield 'an order shows another remaining quantity';
  if (row.status !== expectedStatus(row, story)) yield 'an order shows another status';
  const reason = OPEN.includes(row.status) ? null : (end?.reason ?? null);
  if (row.reason !== reason) yield 'an order shows another reason';
  if (!isProjected(row, story, fills)) return;
  if (row.amendSequence !== lastPricing(story)) yield 'an order missed its last change of price';
  const parts = BigInt(row.filledLots) + BigInt(row.remainingLots) + story.preventedLots;
  if (BigInt(row.quantityLots) !== parts) yield 'the parts of an order do not add up';
}

/** Price and quantity by the event that the row has them from; null when it names a wrong one. */
function termsOf(
  { amendSequence }: OrderRow,
  { changes, place }: OrderStory,
): { readonly priceTicks: number; readonly quantityLots: number } | null {
  if (amendSequence === 0) return place;
  const event = changes.find(({ sequence }) => sequence === amendSequence)?.event;
  if (event?.kind === 'amended') return event;
  if (event?.kind !== 'pegged') return null;
  return { priceTicks: event.priceTicks, quantityLots: place.quantityLots };
}

/** The last event that has given the order another price, or 0. */
function lastPricing({ changes }: OrderStory): number {
  const isPricing = ({ event }: OrderChange): boolean =>
    event.kind === 'amended' || event.kind === 'pegged';
  return changes.findLast(isPricing)?.sequence ?? 0;
}

function expectedStatus(row: OrderRow, story: OrderStory): string {
  const end = story.ends[0];
  if (end !== undefined && end.sequence === row.lastSequence) return end.status;
  if (row.lastSequence === 0) return 'accepted';
  const shown = story.changes.find(({ sequence }) => sequence === row.lastSequence)?.event;
  if (shown?.kind === 'armed') return 'untriggered';
  return row.filledLots > 0 ? 'partially_filled' : 'open';
}

function lastChange(story: OrderStory): object | null {
  return story.changes.at(-1)?.event ?? null;
}

function isProjected(row: OrderRow, story: OrderStory, fills: FillSum): boolean {
  const last = story.changes.at(-1)?.sequence ?? 0;
  return row.lastSequence === last && fills.count === story.trades.length;
}

async function checkFills(
  client: pg.Client,
  replay: Replay,
  sums: Map<number, FillSum>,
  findings: Findings,
): Promise<number> {
  let count = 0;
  const rows = readRows<FillRow>(
    client,
    `SELECT order_number AS "orderNumber", user_number AS "userNumber", market, sequence, side,
       liquidity, price_ticks AS "priceTicks", quantity_lots AS "quantityLots",
       quote_minor AS "quoteMinor", fee_asset AS "feeAsset", fee_minor AS "feeMinor"
     FROM orders.fills ORDER BY fill_number`,
  );
  for await (const row of rows) {
    count += 1;
    const sum = sums.get(row.orderNumber) ?? { count: 0, lots: 0, quoteMinor: 0n };
    sum.count += 1;
    sum.lots += row.quantityLots;
    sum.quoteMinor += row.quoteMinor;
    sums.set(row.orderNumber, sum);
    const expected = expectedFill(row, replay);
    if (expected !== null && isSameFill(row, expected)) continue;
    findings.violate('M6', 'a fill is not what its trade says', { ...row, expected });
  }
  return count;
}

function isSameFill(row: FillRow, expected: FillRow): boolean {
  const names = Object.keys(expected) as (keyof FillRow)[];
  return names.every((name) => row[name] === expected[name]);
}

function expectedFill(row: FillRow, replay: Replay): FillRow | null {
  const story = replay.orders.find(row.orderNumber);
  const trade = story?.trades.find(({ sequence }) => sequence === row.sequence);
  const config =
    story === null ? null : replay.markets.get(story.market)?.configs[row.sequence - 1];
  if (story === null || trade === undefined || !config) return null;
  const party = trade[row.liquidity];
  if (numberIn(party.orderId) !== row.orderNumber) return null;
  const [buyer, seller] =
    trade.takerSide === 'buy' ? [trade.taker, trade.maker] : [trade.maker, trade.taker];
  const fees = feesOf(config.feePolicy, {
    baseMinor: BigInt(trade.baseMinor),
    quoteMinor: BigInt(trade.quoteMinor),
    buyerHoldMinor: BigInt(buyer.holdMinor),
    buyerFeePpm: buyer.feePpm,
    sellerFeePpm: seller.feePpm,
  });
  const isBuyer = story.place.side === 'buy';
  const paysBase = isBuyer && fees.buyerFeeAsset === 'base';
  return {
    orderNumber: story.number,
    userNumber: story.place.userNumber,
    market: story.market,
    sequence: trade.sequence,
    side: story.place.side,
    liquidity: row.liquidity,
    priceTicks: trade.priceTicks,
    quantityLots: trade.quantityLots,
    quoteMinor: BigInt(trade.quoteMinor),
    feeAsset: paysBase ? config.base : config.quote,
    feeMinor: isBuyer ? fees.buyerFeeMinor : fees.sellerFeeMinor,
  };
}
