// Routes that place an order, or say what placing it would do.
import { withTransaction } from '../../../shared/db/pool.ts';
import { tradeFee } from '../../../shared/domain/fee.ts';
import { userId } from '../../../shared/domain/ids.ts';
import { notionalMinor } from '../../../shared/domain/market.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { route, type HandlerResponse } from '../../../shared/function/definition.ts';
import { IDEMPOTENCY_REPLAYED, parseIdempotencyKey } from '../../../shared/http/idempotency-key.ts';
import { PREFERENCE_APPLIED, parsePreferWait } from '../../../shared/http/prefer.ts';
import { lockBalances } from '../../../shared/ledger/lock-balances.ts';
import { formatDecimal } from '../../../shared/money/decimal.ts';
import { refuseMarket } from '../decide/caller-limits.ts';
import type { PlaceIntent } from '../decide/intent.ts';
import { acceptedRow, decidePlace } from '../decide/place.ts';
import { askOfPlace, NO_RISK, RiskRoom } from '../decide/risk.ts';
import { needsBestPrices, sizeOrder, type MarketTerms, type SizedOrder } from '../decide/size.ts';
import { termsKey } from '../decide/touched.ts';
import { startTicks } from '../decide/trigger.ts';
import {
  noQuery,
  orderOutcomeAnswer,
  placeOrderBody,
  testOrderAnswer,
  type PlaceOrderBody,
} from '../schema.ts';
import { readForAccept } from '../store/accept.ts';
import { findOrder } from '../store/read.ts';
import { askerOf } from './caller.ts';
import type { OrdersDeps } from './deps.ts';
import { KEY_REFUSALS, PLACE_REFUSALS, placeIntent } from './place-intent.ts';
import { presentAccepted } from './present.ts';
import { presentOutcome } from './present-outcome.ts';
import { submitOne, whileListening } from './submit.ts';

export const placeOrder = route({
  method: 'POST',
  path: '/v1/orders',
  summary: 'Places an order; with Prefer: wait, answers with what the engine made of it.',
  query: noQuery,
  body: placeOrderBody,
  headers: ['Idempotency-Key', 'Prefer'],
  answers: { 201: orderOutcomeAnswer, 202: orderOutcomeAnswer },
  refusals: [...PLACE_REFUSALS, ...KEY_REFUSALS, 'HEADER_INVALID', 'SERVICE_BUSY'],
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const waitMs = parsePreferWait(request.headers['prefer']);
    if (isRejection(waitMs)) return waitMs;
    const key = parseIdempotencyKey(request.headers['idempotency-key']);
    if (isRejection(key)) return key;
    const intent = placeIntent(askerOf(request), request.body, key);
    return whileListening(deps, waitMs, () => place(intent, waitMs, deps));
  },
});

export const testOrder = route({
  method: 'POST',
  path: '/v1/orders/test',
  summary: 'Checks an order as placing it would, without any effect, and estimates the fee.',
  query: noQuery,
  body: placeOrderBody,
  answers: { 200: testOrderAnswer },
  refusals: PLACE_REFUSALS,
  handle: async (request, deps: OrdersDeps): Promise<HandlerResponse | Rejection> => {
    const { userNumber, limits } = askerOf(request);
    const { body } = request;
    const foreign = refuseMarket(limits, body.market);
    if (foreign !== null) return foreign;
    return withTransaction(deps.pool, async (tx) => {
      const at = { userNumber, market: body.market };
      const wanted = {
        outboxIds: 0,
        numbers: 0,
        userMarkets: [at],
        trading: [at],
        keys: [],
        withBestPrices: needsBestPrices(body),
      };
      const { context, termsFor } = await readForAccept(tx, wanted);
      if (context.blockedUsers?.includes(userNumber) === true) return reject('ACCOUNT_BLOCKED');
      const risk = new RiskRoom(context.risk ?? NO_RISK, context.nowMs);
      const barred = risk.checkAccount(userNumber);
      if (barred !== null) return barred;
      const terms = termsFor([at]).get(termsKey(userNumber, body.market));
      if (terms === undefined) return reject('MARKET_NOT_FOUND');
      const sized = sizeOrder(body, terms, context.nowMs);
      if (isRejection(sized)) return sized;
      const owner = userId(userNumber);
      const balances = await lockBalances(tx, [{ owner, asset: sized.hold.asset }]);
      const state = {
        availableMinor: balances.get(owner, sized.hold.asset).availableMinor,
        openOrders: context.openCounts[0]?.openOrders ?? 0,
        openOrdersMax: risk.openOrdersMax(userNumber, body.market, deps.openOrdersMax),
        nowMs: context.nowMs,
      };
      const order = decidePlace(body, sized, terms, state, { userNumber, orderNumber: 0 });
      if (isRejection(order)) return order;
      const limited = risk.checkLimits(askOfPlace(userNumber, body, order.sized, terms));
      return limited ?? { status: 200, body: estimate(body, order.sized, terms) };
    });
  },
});

async function place(
  intent: PlaceIntent,
  waitMs: number | null,
  deps: OrdersDeps,
): Promise<HandlerResponse | Rejection> {
  const answer = await submitOne(deps, intent, waitMs !== null);
  if (isRejection(answer)) return answer;
  const { accepted, expected } = answer;
  if (accepted.kind !== 'placed' && accepted.kind !== 'replayed') return reject('INTERNAL_ERROR');
  const outcome = expected === null ? null : await expected.wait(waitMs ?? 0);
  // What was just written need not be read: only a repeat asks the database.
  const found =
    accepted.kind === 'placed'
      ? acceptedRow(accepted.order)
      : await findOrder(deps.pool, intent.userNumber, accepted.orderNumber);
  if (found === null) return reject('INTERNAL_ERROR');
  const headers: Record<string, string> = {
    location: `/v1/orders/${presentAccepted(found).id}`,
    ...(accepted.kind === 'replayed' ? IDEMPOTENCY_REPLAYED : {}),
  };
  if (outcome !== null) {
    return {
      status: 201,
      headers: { ...headers, ...PREFERENCE_APPLIED },
      body: presentOutcome(found, outcome),
    };
  }
  return { status: waitMs === null ? 201 : 202, headers, body: presentAccepted(found) };
}

/** As if the whole order took liquidity at once: at its limit, or at what it starts from. */
function estimate(body: PlaceOrderBody, sized: SizedOrder, terms: MarketTerms): unknown {
  const { config, scale } = terms;
  const lots = BigInt(sized.quantityLots);
  // The price of a market order is only the worst that it may take.
  const start = body.type === 'market' ? startTicks(body.side, sized.trigger, terms) : null;
  const priceTicks = start ?? sized.priceTicks;
  const quoteMinor = sized.quoteBudgetMinor ?? notionalMinor(scale, priceTicks, sized.quantityLots);
  const fee = tradeFee(
    {
      base: config.base,
      quote: config.quote,
      feePolicy: config.feePolicy,
      baseMinor:
        sized.quoteBudgetMinor === null
          ? lots * scale.lotMinor
          : (sized.quoteBudgetMinor / (BigInt(priceTicks) * scale.tickLotMinor)) * scale.lotMinor,
      quoteMinor,
      buyerHoldMinor: sized.hold.amountMinor,
      buyerFeePpm: terms.takerFeePpm,
      sellerFeePpm: terms.takerFeePpm,
    },
    body.side,
  );
  const decimals = (asset: string) =>
    asset === config.base ? config.baseDecimals : config.quoteDecimals;
  const present = (asset: string, amountMinor: bigint) => ({
    asset,
    amount: formatDecimal(amountMinor, decimals(asset)),
  });
  return {
    market: config.market,
    hold: present(sized.hold.asset, sized.hold.amountMinor),
    estimatedFee: present(fee.asset, fee.amountMinor),
  };
}
