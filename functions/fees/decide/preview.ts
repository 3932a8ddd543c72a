// What an order would pay and lock at today's rates, by the formulas that orders and settlement use.
import { tradeFee } from '../../../shared/domain/fee.ts';
import { formatRate } from '../../../shared/domain/fee-schedule.ts';
import { feeReservePpm, holdMinor, protectedTicks } from '../../../shared/domain/hold.ts';
import {
  formatSteps,
  marketScale,
  notionalMinor,
  parseSteps,
  PRICE_TICKS_MAX,
  QUANTITY_LOTS_MAX,
  type MarketConfig,
  type MarketScale,
} from '../../../shared/domain/market.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import type { FeePreviewAnswer, FeePreviewQuery } from '../schema.ts';
import type { Rates } from './present.ts';

export interface PreviewFacts {
  readonly config: MarketConfig;
  readonly rates: Rates;
  /** As last projected; null when nobody is on that side. */
  readonly bestBidTicks: number | null;
  readonly bestAskTicks: number | null;
}

interface Prices {
  /** What the order is expected to trade at. */
  readonly priceTicks: number;
  /** The worst that it may trade at: its hold covers that. */
  readonly limitTicks: number;
}

export function previewFees(
  query: FeePreviewQuery,
  facts: PreviewFacts,
): FeePreviewAnswer | Rejection {
  const { config, rates } = facts;
  const scale = marketScale(config);
  const lots = readLots(query.quantity, config, scale);
  if (isRejection(lots)) return lots;
  const prices = readPrices(query, facts, scale);
  if (isRejection(prices)) return prices;
  const { side } = query;
  const quoteMinor = notionalMinor(scale, prices.priceTicks, lots);
  if (quoteMinor < scale.minNotionalMinor) return reject('ORDER_NOTIONAL_TOO_SMALL');
  const reserve = feeReservePpm(config.feePolicy, side, rates.makerPpm, rates.takerPpm);
  const terms = { side, limitPriceTicks: prices.limitTicks, feeReservePpm: reserve };
  const held = holdMinor(scale, terms, lots);
  const present = (asset: string, amountMinor: bigint) => ({
    asset,
    amount: formatDecimal(
      amountMinor,
      asset === config.base ? config.baseDecimals : config.quoteDecimals,
    ),
  });
  const pay = (ratePpm: number) => {
    const { base, quote, feePolicy } = config;
    const baseMinor = BigInt(lots) * scale.lotMinor;
    const fee = tradeFee(
      {
        base,
        quote,
        feePolicy,
        baseMinor,
        quoteMinor,
        buyerHoldMinor: held,
        buyerFeePpm: ratePpm,
        sellerFeePpm: ratePpm,
      },
      side,
    );
    return { rate: formatRate(ratePpm), fee: present(fee.asset, fee.amountMinor) };
  };
  return {
    market: config.market,
    side,
    type: query.type,
    price: formatSteps(prices.priceTicks, config.tickSize),
    quantity: formatSteps(lots, config.lotSize),
    notional: present(config.quote, quoteMinor),
    // A market order never rests.
    maker: query.type === 'market' ? null : pay(rates.makerPpm),
    taker: pay(rates.takerPpm),
    hold: present(side === 'buy' ? config.quote : config.base, held),
  };
}

function readLots(text: string, config: MarketConfig, scale: MarketScale): number | Rejection {
  const lots = parseSteps(text, config.lotSize, QUANTITY_LOTS_MAX);
  if (lots === 'malformed') return reject('QUERY_INVALID');
  if (lots === 'off_step') return reject('ORDER_QUANTITY_OFF_LOT');
  if (lots === 'too_large' || lots > scale.maxQuantityLots) {
    return reject('ORDER_QUANTITY_TOO_LARGE');
  }
  return lots < scale.minQuantityLots ? reject('ORDER_QUANTITY_TOO_SMALL') : lots;
}

function readPrices(
  query: FeePreviewQuery,
  facts: PreviewFacts,
  scale: MarketScale,
): Prices | Rejection {
  const { config } = facts;
  if (query.type === 'market') {
    if (query.price !== undefined) return reject('ORDER_PRICE_NOT_ALLOWED');
    const start = query.side === 'buy' ? facts.bestAskTicks : facts.bestBidTicks;
    if (start === null) return reject('ORDER_LIQUIDITY_NONE');
    const limitTicks = protectedTicks(scale, config.protectionBps, query.side, start);
    return { priceTicks: start, limitTicks };
  }
  if (query.price === undefined) return reject('ORDER_PRICE_REQUIRED');
  const ticks = parseSteps(query.price, config.tickSize, PRICE_TICKS_MAX);
  if (ticks === 'malformed') return reject('QUERY_INVALID');
  if (ticks === 'off_step') return reject('ORDER_PRICE_OFF_TICK');
  if (ticks === 'too_large' || ticks < scale.minPriceTicks || ticks > scale.maxPriceTicks) {
    return reject('ORDER_PRICE_OUT_OF_BAND');
  }
  return { priceTicks: ticks, limitTicks: ticks };
}
