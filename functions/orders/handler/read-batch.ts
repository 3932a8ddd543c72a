// What a batch is decided on. What can be asked at once travels with the BEGIN: on a busy machine a
// round trip costs more than what it asks.
import { sendTogether, type Tx } from '../../../shared/db/pool.ts';
import { userId } from '../../../shared/domain/ids.ts';
import { lockBalances, type LockedBalances } from '../../../shared/ledger/lock-balances.ts';
import type { UserAsset } from '../decide/accept-context.ts';
import type { Intent } from '../decide/intent.ts';
import type { LockedOrder } from '../decide/order-row.ts';
import { needsBestPrices } from '../decide/size.ts';
import { bodiesOf, distinctUserMarkets, expandWide, isPlacing } from '../decide/touched.ts';
import { namedOrders, namesNoMarket, numbersOf, type WideMarkets } from '../decide/touched.ts';
import { lockOrders, readForAccept, type AcceptReads } from '../store/accept.ts';
import { findBatches, type KnownBatch } from '../store/batch-keys.ts';
import { lockDeadlines, readMarkets, type StoredDeadline } from '../store/wide.ts';
import type { MarketAssets } from './market-assets.ts';
import type { BatchKey, Request } from './request.ts';

const NO_ORDERS: ReadonlyMap<number, LockedOrder> = new Map();
const NO_WIDE: WideMarkets = new Map();

/** What reading needs of the function's dependencies. */
export interface ReadDeps {
  readonly marketAssets: MarketAssets;
}

/** What came with the BEGIN. */
export interface Opened {
  /** The orders that the requests name, locked. */
  readonly orders: ReadonlyMap<number, LockedOrder>;
  readonly batches: readonly KnownBatch[];
  /** Null when what else to read depends on those orders, or on the list of markets. */
  readonly reads: Reads | null;
}

export interface BatchReads {
  readonly wide: WideMarkets;
  readonly deadlines: readonly StoredDeadline[];
  readonly accept: AcceptReads;
  /** Null when it is not known yet which to lock. */
  readonly balances: LockedBalances | null;
}

type Reads = readonly [AcceptReads, LockedBalances | null];

/** Sends all of it before its first await. */
export async function openBatch(
  deps: ReadDeps,
  tx: Tx,
  requests: readonly Request[],
): Promise<Opened> {
  const intents = requests.flatMap((request) => request.intents);
  const [orders, batches, reads] = await Promise.all([
    lockOrders(tx, namedOrders(intents)),
    findBatches(tx, batchKeysOf(requests)),
    intents.every(saysAll) ? sendReads(deps, tx, { intents, orders: null }) : null,
  ]);
  return { orders, batches, reads };
}

/** What `openBatch` could not know to ask for, for those of the intents that are to be decided. */
export async function readRest(
  deps: ReadDeps,
  tx: Tx,
  intents: readonly Intent[],
  { orders, reads }: Opened,
): Promise<BatchReads> {
  const wide = await expand(tx, intents);
  const deadlines = await lockDeadlinesOf(tx, intents);
  const [accept, balances] =
    reads ??
    (
      await sendTogether(tx, (together) => [sendReads(deps, together, { intents, orders, wide })])
    )[0];
  return { wide, deadlines, accept, balances };
}

/** Null when there is nothing to lock. */
export async function lockAccounts(
  tx: Tx,
  accounts: readonly UserAsset[],
): Promise<LockedBalances | null> {
  if (accounts.length === 0) return null;
  return lockBalances(
    tx,
    accounts.map(({ userNumber, asset }) => ({ owner: userId(userNumber), asset })),
  );
}

/** True when a request says by itself what must be read for it. */
function saysAll(intent: Intent): boolean {
  return isPlacing(intent) || intent.kind === 'cancel';
}

interface Touched {
  readonly intents: readonly Intent[];
  /** Null while they are not known: then the database looks up the markets of what is cancelled. */
  readonly orders: ReadonlyMap<number, LockedOrder> | null;
  readonly wide?: WideMarkets;
}

function sendReads(
  deps: ReadDeps,
  tx: Tx,
  { intents, orders, wide = NO_WIDE }: Touched,
): Promise<Reads> {
  const known = orders ?? NO_ORDERS;
  const userMarkets = distinctUserMarkets(intents, known, wide);
  const ordersElsewhere = orders === null ? cancelledOf(intents) : [];
  const markets = new Set(userMarkets.map((each) => each.market));
  const likely = deps.marketAssets.accountsOf(intents, known);
  return Promise.all([
    readForAccept(tx, {
      numbers: intents.reduce((sum, intent) => sum + numbersOf(intent, wide), 0),
      outboxIds: markets.size + ordersElsewhere.length,
      userMarkets,
      ordersElsewhere,
      trading: distinctUserMarkets(intents.filter(isTrading), known, wide),
      keys: intents
        .filter(isPlacing)
        .flatMap(({ userNumber, keys: own }) => own.map((key) => ({ ...key, userNumber }))),
      withBestPrices: intents.flatMap(bodiesOf).some(needsBestPrices),
    }),
    likely === null ? null : lockAccounts(tx, likely),
  ]);
}

function cancelledOf(intents: readonly Intent[]): number[] {
  return intents.flatMap((intent) => (intent.kind === 'cancel' ? [intent.orderNumber] : []));
}

function isTrading(intent: Intent): boolean {
  return isPlacing(intent) || intent.kind === 'amend';
}

/** Few requests name no market: nobody else pays for looking them up. */
async function expand(tx: Tx, intents: readonly Intent[]): Promise<WideMarkets> {
  const unnamed = intents.filter(namesNoMarket);
  if (unnamed.length === 0) return expandWide(intents, [], []);
  const { listed, open } = await readMarkets(
    tx,
    unnamed.map(({ userNumber }) => userNumber),
  );
  return expandWide(intents, listed, open);
}

async function lockDeadlinesOf(
  tx: Tx,
  intents: readonly Intent[],
): Promise<readonly StoredDeadline[]> {
  const users = intents.flatMap((each) =>
    each.kind === 'cancel_all_after' ? [each.userNumber] : [],
  );
  return users.length === 0 ? [] : lockDeadlines(tx, users);
}

function batchKeysOf(requests: readonly Request[]): BatchKey[] {
  return requests.flatMap(({ batchKey }) => (batchKey === null ? [] : [batchKey]));
}
