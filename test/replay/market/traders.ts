// Who sends what: recordings have no owners, so each order gets one by the hash of its name. Buyers
// and sellers are different users; then no order ever meets one of its own owner, and the recorded
// trades can happen whatever the market's rules on self-trades are.
import { createHash } from 'node:crypto';
import { userId } from '../../../shared/domain/ids.ts';
import { formatSteps } from '../../../shared/domain/market.ts';
import type { Side } from '../../../shared/domain/order.ts';
import { formatDecimal, toMinor } from '../../../shared/money/decimal.ts';
import type { ExchangeApi, Trader } from '../client/exchange-api.ts';
import type { FlowStep, MarketSteps } from '../flow.ts';

/** Numbers of the replay's users begin here, well away from the seeded ones. */
const USER_NUMBER_FIRST = 900_001;
const SCALE_DECIMALS = 18;
const SCALE = 10n ** BigInt(SCALE_DECIMALS);

export const USERS_MIN = 2;
export const USERS_MAX = 1_000;

export class Traders {
  readonly all: readonly Trader[];
  readonly #bySide: Readonly<Record<Side, readonly Trader[]>>;

  constructor(api: ExchangeApi, count: number) {
    this.all = Array.from({ length: count }, (_, at) => makeTrader(api, at));
    this.#bySide = {
      buy: this.all.filter((trader) => trader.side === 'buy'),
      sell: this.all.filter((trader) => trader.side === 'sell'),
    };
  }

  ownerOf(name: string, side: Side): Trader {
    const owners = this.#bySide[side];
    const hash = createHash('sha256').update(name).digest().readUInt32BE(0);
    const owner = owners[hash % owners.length];
    if (owner === undefined) throw new RangeError(`at least ${USERS_MIN} users are needed`);
    return owner;
  }
}

function makeTrader(api: ExchangeApi, at: number): Trader {
  const id = userId(USER_NUMBER_FIRST + at);
  let token: Promise<string> | null = null;
  return {
    userId: id,
    side: at % 2 === 0 ? 'buy' : 'sell',
    token: (renew) => {
      if (renew || token === null) {
        token = api.makeToken(id);
        // A token that could not be made is asked for again by whoever needs it next.
        token.catch(() => {
          token = null;
        });
      }
      return token;
    },
  };
}

/** What each user must have, by user and asset, for all orders to rest at once: 18 decimals. */
export function requiredFunds(
  steps: readonly FlowStep[],
  markets: ReadonlyMap<string, MarketSteps>,
  ownerOf: (name: string, side: Side) => { readonly userId: string },
): Map<string, Map<string, bigint>> {
  const required = new Map<string, Map<string, bigint>>();
  for (const step of steps) {
    const market = markets.get(step.market);
    if (step.kind !== 'place' || market === undefined) continue;
    const asset = step.side === 'buy' ? market.quote : market.base;
    const { userId: user } = ownerOf(step.name, step.side);
    const funds = required.get(user) ?? new Map<string, bigint>();
    required.set(user, funds);
    funds.set(asset, (funds.get(asset) ?? 0n) + holdOf(step, market));
  }
  return required;
}

/** Twice the price x quantity of a buy, so that any fee on top is covered too. */
function holdOf(
  step: { side: Side; priceTicks: number; quantityLots: number },
  market: MarketSteps,
): bigint {
  const quantity = toMinor(formatSteps(step.quantityLots, market.lotSize), SCALE_DECIMALS);
  if (step.side === 'sell') return quantity;
  const price = toMinor(formatSteps(step.priceTicks, market.tickSize), SCALE_DECIMALS);
  return (2n * price * quantity) / SCALE;
}

/** Brings every user's balances up to what is required. Deposits are whole units. */
export async function fundTraders(
  api: ExchangeApi,
  traders: readonly Trader[],
  required: ReadonlyMap<string, ReadonlyMap<string, bigint>>,
): Promise<void> {
  const deposits = traders.flatMap((trader) =>
    [...(required.get(trader.userId) ?? [])].map(async ([asset, amount]) => {
      const missing = amount - (await api.findAvailable(trader, asset, SCALE_DECIMALS));
      if (missing <= 0n) return;
      const whole = (missing / SCALE + 1n) * SCALE;
      await api.fund(trader.userId, asset, formatDecimal(whole, SCALE_DECIMALS));
    }),
  );
  await Promise.all(deposits);
}
