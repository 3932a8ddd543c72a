// The limits of accounts, and which of several holds: what is decided on is also what is shown.

/** Per user and market; `position_max` per user and asset. */
export const LIMIT_NAMES = [
  'open_orders_max',
  'waiting_orders_max',
  'order_quantity_max',
  'order_notional_max',
  'open_notional_max',
  'position_max',
  'turnover_max',
  'orders_per_10s_max',
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** Digits after the point of a limit's value; no asset has more. */
export const LIMIT_DECIMALS = 18;

export interface Limit {
  /** 0 for everybody. */
  readonly userNumber: number;
  /** A market, an asset, or `*` for all. */
  readonly scope: string;
  readonly name: LimitName;
  /** A decimal: a count, or whole units of the market's base or quote, or of the asset. */
  readonly value: string;
}

/** Finds the limit that holds: a user's own wins over everybody's, one scope's over all scopes'. */
export class Limits {
  readonly #values: ReadonlyMap<string, string>;

  constructor(limits: readonly Limit[]) {
    this.#values = new Map(
      limits.map((each) => [`${each.userNumber} ${each.scope} ${each.name}`, each.value]),
    );
  }

  find(userNumber: number, scope: string, name: LimitName): string | null {
    return (
      this.#values.get(`${userNumber} ${scope} ${name}`) ??
      this.#values.get(`${userNumber} * ${name}`) ??
      this.#values.get(`0 ${scope} ${name}`) ??
      this.#values.get(`0 * ${name}`) ??
      null
    );
  }
}
