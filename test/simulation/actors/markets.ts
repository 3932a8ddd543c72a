// The markets and users of a run: prices close together so that orders cross, amounts so small that
// every fee needs rounding, funds so scarce that they run out.
import type { Parts } from './parts.ts';
import type { MarketDescription } from '../../../shared/markets/market-store.ts';
import { openAccount, postEntry } from '../store/ledger-statements.ts';
import { RATES } from '../store/orders-statements.ts';
import { ASSETS } from '../store/reference-statements.ts';
import { View } from '../store/tables.ts';

export const USERS = [11, 12, 13, 14, 15] as const;

const RULES = {
  tickSize: '0.01',
  lotSize: '0.0001',
  minQuantity: '0.0002',
  maxQuantity: '0.02',
  minNotional: '0.0003',
  minPrice: '0.9',
  maxPrice: '1.1',
  protectionBps: 300,
} as const;

/** The last two digits of quantities and prices that clients draw from. */
export const MARKETS: readonly { readonly description: MarketDescription }[] = [
  {
    description: {
      ...RULES,
      market: 'BTC-USD',
      base: 'BTC',
      quote: 'USD',
      feePolicy: 'received',
      selfTradeAllowed: true,
    },
  },
  {
    description: {
      ...RULES,
      market: 'ETH-USD',
      base: 'ETH',
      quote: 'USD',
      feePolicy: 'quote',
      selfTradeAllowed: false,
    },
  },
];

/** With six decimals a tick x lot is one unit. */
const DECIMALS = { USD: 6, BTC: 8, ETH: 18 } as const;
/** Units of one lot of base, and the lots that each user begins with. */
const LOT_MINOR = { BTC: 10n ** 4n, ETH: 10n ** 14n } as const;
const LOTS_FUNDED = 120n;
const USD_FUNDED = 12_000n;

/** Rates in ppm, a rebate and one beyond any exchange's among them. */
const MAKER_RATES = [1_000, -100, 0, 333_333] as const;
const TAKER_RATES = [2_000, 1_000, 0, 500_000] as const;

/** Assets, rates and deposits as they stand before the exchange opens. */
export function fundUsers(parts: Parts): void {
  const { tables, onCommit } = parts.database;
  const view = new View(tables);
  const { random } = parts.world;
  for (const [asset, decimals] of Object.entries(DECIMALS)) view.put(ASSETS, asset, { decimals });
  for (const user of USERS) {
    for (const { description } of MARKETS) {
      view.put(RATES, `${user} ${description.market}`, {
        makerFeePpm: random.pick(MAKER_RATES),
        takerFeePpm: random.pick(TAKER_RATES),
      });
    }
    const owner = `usr_${String(user).padStart(16, '0')}`;
    const funds = {
      USD: USD_FUNDED,
      BTC: LOTS_FUNDED * LOT_MINOR.BTC,
      ETH: LOTS_FUNDED * LOT_MINOR.ETH,
    };
    for (const [asset, amount] of Object.entries(funds)) {
      openAccount(view, owner, asset);
      postEntry(view, {
        kind: 'deposit',
        key: `${owner} ${asset}`,
        reference: owner,
        postings: [
          { account: `custody ${asset}`, amount: -amount },
          { account: `${owner} ${asset}`, amount },
        ],
      });
    }
  }
  onCommit(view);
  view.commit();
}
