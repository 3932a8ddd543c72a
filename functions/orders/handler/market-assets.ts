// Which accounts a batch will likely lock, known before its terms are read: then both travel
// together. What a market trades never changes, so it is remembered for ever.
import type { UserAsset } from '../decide/accept-context.ts';
import type { Intent } from '../decide/intent.ts';
import type { OrderRow } from '../decide/order-row.ts';
import { holdAsset, type MarketTerms } from '../decide/size.ts';
import { bodiesOf } from '../decide/touched.ts';

/** Far more than there are markets: a bound for what is remembered. */
const MARKETS_MAX = 10_000;

export class MarketAssets {
  readonly #configs = new Map<string, MarketTerms['config']>();

  learn(terms: Iterable<MarketTerms>): void {
    for (const { config } of terms) {
      if (this.#configs.size < MARKETS_MAX) this.#configs.set(config.market, config);
    }
  }

  /**
   * Every account that the requests may take from; locking one too many does no harm. Null when a
   * market is met for the first time.
   */
  accountsOf(
    intents: readonly Intent[],
    orders: ReadonlyMap<number, OrderRow>,
  ): UserAsset[] | null {
    const accounts = new Map<string, UserAsset>();
    for (const intent of intents) {
      const { userNumber } = intent;
      for (const order of [...bodiesOf(intent), ...changedOrders(intent, orders)]) {
        const config = this.#configs.get(order.market);
        if (config === undefined) return null;
        const asset = holdAsset({ config }, order.side);
        accounts.set(`${userNumber} ${asset}`, { userNumber, asset });
      }
    }
    return [...accounts.values()];
  }
}

/** Cancels take nothing. */
function changedOrders(intent: Intent, orders: ReadonlyMap<number, OrderRow>): OrderRow[] {
  const order = intent.kind === 'amend' ? orders.get(intent.orderNumber) : undefined;
  return order === undefined ? [] : [order];
}
