// What settlement says it has settled, and the trade entries in the ledger, against the replay: M4.
import type pg from 'pg';
import { feesOf } from '../oracle/naive-amounts.ts';
import type { Trade } from '../oracle/naive-events.ts';
import type { Market, MarketConfig } from '../oracle/naive-types.ts';
import type { ExecutionCheck } from './check-executions.ts';
import { readAll, readRows } from './database.ts';
import type { Findings } from './findings.ts';
import { sha256, type Replay } from './replay.ts';
import { canonical } from './wire.ts';

interface SettledRow {
  readonly market: Market;
  readonly sequence: number;
  readonly kind: string;
  readonly hash: string;
}

interface PostingRow {
  readonly entry: number;
  readonly business_key: string;
  readonly reference_id: string;
  readonly owner: string | null;
  /** Null for an entry without postings. */
  readonly asset: string | null;
  readonly amount: bigint | null;
}

/** Which events are settled. */
export class Settled {
  readonly #names = new Set<string>();
  trades = 0;

  add(market: Market, sequence: number): void {
    this.#names.add(`${market} ${sequence}`);
  }

  has(market: Market, sequence: number): boolean {
    return this.#names.has(`${market} ${sequence}`);
  }

  get size(): number {
    return this.#names.size;
  }
}

/** Reads what is settled; every one of it must be an event that the engine has recorded. */
export async function readSettled(
  client: pg.Client,
  replay: Replay,
  executions: ExecutionCheck,
  findings: Findings,
): Promise<Settled> {
  const settled = new Settled();
  const rows = readRows<SettledRow>(
    client,
    `SELECT market, sequence, kind, encode(content_hash, 'hex') AS hash
     FROM settlement.executions ORDER BY market, sequence`,
  );
  for await (const row of rows) {
    const { market, sequence, kind, hash } = row;
    settled.add(market, sequence);
    const story = replay.markets.get(market);
    const event = story?.events[sequence - 1];
    if (event === undefined || sequence > executions.recorded(market)) {
      findings.violate('M4', 'an event is settled that the engine has not recorded', { ...row });
      continue;
    }
    const config = event.kind === 'trade' ? story?.configs[sequence - 1] : null;
    const money = config && { base: config.base, quote: config.quote, feePolicy: config.feePolicy };
    const expected = sha256(canonical({ market, ...money, event }));
    if (kind !== event.kind || hash !== expected) {
      findings.violate('M4', 'an event was settled with other content', {
        ...row,
        expected,
        event,
      });
    }
  }
  for (const row of await readAll(
    client,
    'SELECT market, sequence FROM settlement.stopped_markets',
  )) {
    findings.violate('M8', 'settlement was told two different events and has stopped', { ...row });
  }
  return settled;
}

/** Trade entries and settled trades, one for one, with the amounts that the trade must move. */
export async function checkTrades(
  client: pg.Client,
  replay: Replay,
  settled: Settled,
  findings: Findings,
): Promise<number> {
  const posted = new Set<string>();
  const rows = readRows<PostingRow>(
    client,
    `SELECT e.entry, e.business_key, e.reference_id, a.owner, p.asset, p.amount
     FROM ledger.entries e
     LEFT JOIN ledger.postings p USING (entry)
     LEFT JOIN ledger.accounts a USING (account)
     WHERE e.kind = 'trade' ORDER BY e.entry, p.leg`,
  );
  for await (const entry of byEntry(rows)) {
    const [first] = entry;
    if (first === undefined) continue;
    posted.add(first.business_key);
    checkEntry(entry, first, replay, settled, findings);
  }
  for (const { market, events } of replay.markets.values()) {
    for (const { kind, sequence } of events) {
      if (kind !== 'trade' || !settled.has(market, sequence)) continue;
      settled.trades += 1;
      if (posted.has(`${market}:${sequence}`)) continue;
      findings.violate('M4', 'a settled trade has no entry', { market, sequence });
    }
  }
  return posted.size;
}

function checkEntry(
  postings: readonly PostingRow[],
  first: PostingRow,
  replay: Replay,
  settled: Settled,
  findings: Findings,
): void {
  const { entry, business_key: key, reference_id: reference } = first;
  const at = key.lastIndexOf(':');
  const market = key.slice(0, at) as Market;
  const sequence = Number(key.slice(at + 1));
  const story = replay.markets.get(market);
  const event = story?.events[sequence - 1];
  const config = story?.configs[sequence - 1];
  if (event?.kind !== 'trade' || !config || !settled.has(market, sequence)) {
    findings.violate('M4', 'a trade entry is of no settled trade', { entry, key });
    return;
  }
  if (reference !== event.tradeId) {
    findings.violate('M4', 'a trade entry names another trade', { entry, key, reference });
  }
  const expected = expectedMoves(market, config, event);
  const actual = new Map<string, bigint>();
  for (const { owner, asset, amount } of postings) {
    if (asset !== null && amount !== null) add(actual, owner ?? 'nobody', asset, amount);
  }
  const names = [...new Set([...expected.keys(), ...actual.keys()])].sort();
  for (const name of names) {
    const [want, got] = [expected.get(name) ?? 0n, actual.get(name) ?? 0n];
    if (want === got) continue;
    const row = { entry, key, account: name, expected: want, posted: got };
    findings.violate('M4', 'a trade entry moves other amounts than the trade', row);
  }
}

/** What a trade must move, netted by owner and asset. */
function expectedMoves(market: Market, config: MarketConfig, trade: Trade): Map<string, bigint> {
  const isTakerBuyer = trade.takerSide === 'buy';
  const buyer = isTakerBuyer ? trade.taker : trade.maker;
  const seller = isTakerBuyer ? trade.maker : trade.taker;
  const baseMinor = BigInt(trade.baseMinor);
  const quoteMinor = BigInt(trade.quoteMinor);
  const fees = feesOf(config.feePolicy, {
    baseMinor,
    quoteMinor,
    buyerHoldMinor: BigInt(buyer.holdMinor),
    buyerFeePpm: buyer.feePpm,
    sellerFeePpm: seller.feePpm,
  });
  const buyerFeeAsset = fees.buyerFeeAsset === 'base' ? config.base : config.quote;
  const moves = new Map<string, bigint>();
  add(moves, buyer.userId, config.quote, -quoteMinor);
  add(moves, buyer.userId, config.base, baseMinor);
  add(moves, buyer.userId, buyerFeeAsset, -fees.buyerFeeMinor);
  add(moves, seller.userId, config.base, -baseMinor);
  add(moves, seller.userId, config.quote, quoteMinor - fees.sellerFeeMinor);
  add(moves, `fees:${market}`, buyerFeeAsset, fees.buyerFeeMinor);
  add(moves, `fees:${market}`, config.quote, fees.sellerFeeMinor);
  return moves;
}

function add(moves: Map<string, bigint>, owner: string, asset: string, amount: bigint): void {
  const name = `${owner} ${asset}`;
  moves.set(name, (moves.get(name) ?? 0n) + amount);
}

async function* byEntry(rows: AsyncIterable<PostingRow>): AsyncGenerator<PostingRow[]> {
  let entry: PostingRow[] = [];
  for await (const row of rows) {
    if (entry[0] !== undefined && entry[0].entry !== row.entry) {
      yield entry;
      entry = [];
    }
    entry.push(row);
  }
  if (entry.length > 0) yield entry;
}
