// Decides a batch of requests one after the other, each on what the ones before it have left:
// funds, open orders, request keys. Pure: what it reads comes in, what is to be written goes out.
import type { MarketCommand } from '../../../shared/events/commands.ts';
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { decideAmend, decideCancel } from './change.ts';
import type { Accepted, AmendIntent, CancelAllIntent, CancelIntent } from './intent.ts';
import type { Intent, PlaceIntent } from './intent.ts';
import type { LockedOrder } from './order-row.ts';
import { decidePlace, placeCommand, type AcceptedOrder } from './place.ts';
import { checkMoving, holdAsset, sizeOrder, type MarketTerms, type SizedOrder } from './size.ts';

/** A client's own name for a request: a clientOrderId, or an Idempotency-Key header. */
export interface RequestKey {
  readonly kind: 'client' | 'header';
  readonly key: string;
}

export interface UserMarket {
  readonly userNumber: number;
  readonly market: string;
}

export interface KnownKey extends RequestKey {
  readonly userNumber: number;
  /** SHA-256 of the request, hex. */
  readonly requestHash: string;
  readonly orderNumber: number;
}

export interface AcceptContext {
  /** The database's clock: one source of time for all instances. */
  readonly nowMs: number;
  /** Fresh command numbers, rising, one for each that was asked for. */
  readonly numbers: readonly number[];
  readonly openCounts: readonly (UserMarket & { readonly openOrders: number })[];
  readonly keys: readonly KnownKey[];
}

export type Decision = Accepted | Rejection;

/** Everything one batch has decided and not yet written. */
export interface Draft {
  readonly decisions: Decision[];
  readonly commands: Map<string, { readonly shard: number; readonly commands: MarketCommand[] }>;
  readonly placed: { readonly order: AcceptedOrder; readonly intent: PlaceIntent }[];
  readonly amends: {
    readonly orderNumber: number;
    readonly amendNumber: number;
    readonly holdIncreaseMinor: bigint;
  }[];
  /** Outbox rows of changed orders that are not in the log yet: they go before the change. */
  readonly changedOutboxIds: Set<number>;
  /** Whose orders of a market are all cancelled: the rows of all of them go before. */
  readonly cancelledAll: UserMarket[];
}

export interface UserAsset {
  readonly userNumber: number;
  readonly asset: string;
}

/** The available balance of a user, in base units, as it is locked in the database. */
export type ReadAvailable = (account: UserAsset) => bigint;

export function termsKey(userNumber: number, market: string): string {
  return `${userNumber} ${market}`;
}

/** Each user and market that the requests touch, once. */
export function distinctUserMarkets(
  intents: readonly Intent[],
  orders: ReadonlyMap<number, LockedOrder>,
): UserMarket[] {
  const distinct = new Map<string, UserMarket>();
  for (const intent of intents) {
    const market = marketOf(intent, orders);
    if (market === undefined) continue;
    const { userNumber } = intent;
    distinct.set(termsKey(userNumber, market), { userNumber, market });
  }
  return [...distinct.values()];
}

function marketOf(intent: Intent, orders: ReadonlyMap<number, LockedOrder>): string | undefined {
  if (intent.kind === 'place') return intent.body.market;
  if (intent.kind === 'cancel_all') return intent.market;
  return ownOrder(intent, orders)?.market;
}

/** The order that a change names, if it is the caller's own: another's is not there. */
function ownOrder(
  intent: CancelIntent | AmendIntent,
  orders: ReadonlyMap<number, LockedOrder>,
): LockedOrder | undefined {
  const order = orders.get(intent.orderNumber);
  return order?.userNumber === intent.userNumber ? order : undefined;
}

/**
 * Three steps, because which balances must be locked is known only when every order is sized:
 * `sizeAll`, then lock `accountsToLock()`, then `decideAll`.
 */
export class BatchDecision {
  readonly #openOrdersMax: number;
  readonly #context: AcceptContext;
  readonly #terms: ReadonlyMap<string, MarketTerms>;
  readonly #orders: ReadonlyMap<number, LockedOrder>;
  readonly #sized = new Map<Intent, SizedOrder | Rejection>();
  readonly #accounts = new Map<string, UserAsset>();
  readonly #taken = new Map<string, bigint>();
  readonly #keys = new Map<string, { requestHash: string; orderNumber: number }>();
  readonly #openCounts = new Map<string, number>();
  readonly #amending = new Set<number>();
  readonly #draft: Draft = {
    decisions: [],
    commands: new Map(),
    placed: [],
    amends: [],
    changedOutboxIds: new Set(),
    cancelledAll: [],
  };
  #readAvailable: ReadAvailable = () => 0n;

  constructor(
    context: AcceptContext,
    terms: ReadonlyMap<string, MarketTerms>,
    orders: ReadonlyMap<number, LockedOrder>,
    openOrdersMax: number,
  ) {
    this.#context = context;
    this.#terms = terms;
    this.#orders = orders;
    this.#openOrdersMax = openOrdersMax;
    for (const key of context.keys) this.#keys.set(keyText(key.userNumber, key), key);
    for (const count of context.openCounts) {
      this.#openCounts.set(termsKey(count.userNumber, count.market), count.openOrders);
    }
  }

  /** Sizes every order; collects whose balances must be locked. */
  sizeAll(intents: readonly Intent[]): void {
    for (const intent of intents) {
      const terms = this.#termsOf(intent);
      if (terms === undefined) continue;
      if (intent.kind === 'place') {
        const sized = sizeOrder(intent.body, terms, this.#context.nowMs);
        this.#sized.set(intent, sized);
        if (!isRejection(sized)) this.#needAccount(intent.userNumber, sized.hold.asset);
      }
      const order = intent.kind === 'amend' ? ownOrder(intent, this.#orders) : undefined;
      if (order !== undefined) this.#needAccount(intent.userNumber, holdAsset(terms, order.side));
    }
  }

  accountsToLock(): readonly UserAsset[] {
    return [...this.#accounts.values()];
  }

  /** Decides each request in order; `decisions` has one for each. */
  decideAll(intents: readonly Intent[], readAvailable: ReadAvailable): Draft {
    this.#readAvailable = readAvailable;
    intents.forEach((intent, at) => {
      const number = this.#context.numbers[at];
      if (number === undefined) throw new Error('fewer command numbers than requests');
      this.#draft.decisions.push(this.#decideOne(intent, number));
    });
    return this.#draft;
  }

  #decideOne(intent: Intent, number: number): Decision {
    switch (intent.kind) {
      case 'place':
        return this.#place(intent, number);
      case 'cancel':
        return this.#cancel(intent, number);
      case 'cancel_all':
        return this.#cancelAll(intent, number);
      case 'amend':
        return this.#amend(intent, number);
    }
  }

  #place(intent: PlaceIntent, number: number): Decision {
    const repeat = this.#findRepeat(intent);
    if (repeat !== null) return repeat;
    const terms = this.#termsOf(intent);
    const sized = this.#sized.get(intent);
    if (terms === undefined || sized === undefined) return reject('MARKET_NOT_FOUND');
    if (isRejection(sized)) return sized;
    const { userNumber, body } = intent;
    const countKey = termsKey(userNumber, body.market);
    const openOrders = this.#openCounts.get(countKey) ?? 0;
    const state = {
      availableMinor: this.#available(userNumber, sized.hold.asset),
      openOrders,
      openOrdersMax: this.#openOrdersMax,
      nowMs: this.#context.nowMs,
    };
    const names = { userNumber, orderNumber: number };
    const order = decidePlace(body, sized, terms, state, names);
    if (isRejection(order)) return order;
    this.#take(userNumber, order.sized.hold.asset, order.sized.hold.amountMinor);
    this.#openCounts.set(countKey, openOrders + 1);
    for (const key of intent.keys) {
      const { requestHash } = intent;
      this.#keys.set(keyText(userNumber, key), { requestHash, orderNumber: number });
    }
    this.#draft.placed.push({ order, intent });
    this.#command(body.market, terms.shard, placeCommand(order));
    return { kind: 'placed', order, commandNumber: number };
  }

  #findRepeat(intent: PlaceIntent): Decision | null {
    for (const key of intent.keys) {
      const known = this.#keys.get(keyText(intent.userNumber, key));
      if (known === undefined) continue;
      if (known.requestHash === intent.requestHash) {
        return { kind: 'replayed', orderNumber: known.orderNumber };
      }
      return reject(key.kind === 'client' ? 'ORDER_CLIENT_ID_REUSED' : 'IDEMPOTENCY_KEY_REUSED');
    }
    return null;
  }

  #cancel(intent: CancelIntent, number: number): Decision {
    const found = ownOrder(intent, this.#orders) ?? null;
    const order = decideCancel(found);
    if (isRejection(order)) return order;
    if (found === null) return reject('ORDER_NOT_FOUND');
    const terms = this.#termsOf(intent);
    if (terms === undefined) return reject('MARKET_NOT_FOUND');
    const moving = checkMoving(terms);
    if (moving !== null) return moving;
    this.#goesAfter(found);
    this.#command(found.market, terms.shard, {
      kind: 'cancel',
      number,
      timeMs: this.#context.nowMs,
      userNumber: intent.userNumber,
      orderNumber: found.orderNumber,
      ...(intent.onlyIf === null ? {} : { onlyIf: intent.onlyIf }),
    });
    return { kind: 'changing', order: found, terms, commandNumber: number };
  }

  #cancelAll(intent: CancelAllIntent, number: number): Decision {
    const terms = this.#termsOf(intent);
    if (terms === undefined) return reject('MARKET_NOT_FOUND');
    const moving = checkMoving(terms);
    if (moving !== null) return moving;
    const { market, userNumber, side } = intent;
    const timeMs = this.#context.nowMs;
    this.#draft.cancelledAll.push({ userNumber, market });
    const ofSide = side === null ? {} : { side };
    this.#command(market, terms.shard, {
      kind: 'cancel_all',
      number,
      timeMs,
      userNumber,
      ...ofSide,
    });
    return { kind: 'cancelling_all', market };
  }

  #amend(intent: AmendIntent, number: number): Decision {
    const found = ownOrder(intent, this.#orders) ?? null;
    const terms = this.#termsOf(intent);
    if (found === null || terms === undefined) return reject('ORDER_NOT_FOUND');
    const pending = found.amendPending || this.#amending.has(found.orderNumber);
    const amend = decideAmend({ ...found, amendPending: pending }, intent.body, terms);
    if (isRejection(amend)) return amend;
    const asset = holdAsset(terms, found.side);
    if (this.#available(intent.userNumber, asset) < amend.holdIncreaseMinor) {
      return reject('ORDER_FUNDS_INSUFFICIENT', `the available ${asset} does not cover the amend`);
    }
    this.#take(intent.userNumber, asset, amend.holdIncreaseMinor);
    this.#amending.add(found.orderNumber);
    this.#goesAfter(found);
    const { orderNumber } = found;
    const { holdIncreaseMinor } = amend;
    this.#draft.amends.push({ orderNumber, amendNumber: number, holdIncreaseMinor });
    this.#command(found.market, terms.shard, {
      kind: 'amend',
      number,
      timeMs: this.#context.nowMs,
      userNumber: intent.userNumber,
      orderNumber,
      priceTicks: amend.priceTicks,
      quantityLots: amend.quantityLots,
      holdIncreaseMinor: holdIncreaseMinor.toString(),
    });
    return { kind: 'changing', order: found, terms, commandNumber: number };
  }

  #goesAfter(order: LockedOrder): void {
    if (order.unpublishedId !== null) this.#draft.changedOutboxIds.add(order.unpublishedId);
  }

  #termsOf(intent: Intent): MarketTerms | undefined {
    const market = marketOf(intent, this.#orders);
    return market === undefined ? undefined : this.#terms.get(termsKey(intent.userNumber, market));
  }

  #needAccount(userNumber: number, asset: string): void {
    this.#accounts.set(`${userNumber} ${asset}`, { userNumber, asset });
  }

  #command(market: string, shard: number, command: MarketCommand): void {
    const packed = this.#draft.commands.get(market) ?? { shard, commands: [] };
    packed.commands.push(command);
    this.#draft.commands.set(market, packed);
  }

  #available(userNumber: number, asset: string): bigint {
    const taken = this.#taken.get(`${userNumber} ${asset}`) ?? 0n;
    return this.#readAvailable({ userNumber, asset }) - taken;
  }

  #take(userNumber: number, asset: string, amountMinor: bigint): void {
    const key = `${userNumber} ${asset}`;
    this.#taken.set(key, (this.#taken.get(key) ?? 0n) + amountMinor);
  }
}

function keyText(userNumber: number, key: { kind: string; key: string }): string {
  return `${userNumber} ${key.kind} ${key.key}`;
}
