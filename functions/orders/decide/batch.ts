// Decides a batch of requests one after the other, each on what the ones before it have left:
// funds, open orders, request keys. Pure: what it reads comes in, what is to be written goes out.
import {
  isRejection,
  reject,
  type ErrorCode,
  type Rejection,
} from '../../../shared/domain/rejection.ts';
import type { AcceptContext, BatchPlan, ReadAvailable } from './accept-context.ts';
import type { RequestKey, UserAsset } from './accept-context.ts';
import { refuseByLimits } from './caller-limits.ts';
import { decideAmend, decideCancel } from './change.ts';
import { addCommand, emptyDraft, goesAfter, orNone, takeBackCommand } from './draft.ts';
import type { Decision, Draft } from './draft.ts';
import type { AmendIntent, CancelIntent, Intent, PlaceIntent } from './intent.ts';
import type { PlaceListIntent, WideIntent } from './intent.ts';
import { decideList, holdOfOrder, holdsOfList, placeListCommand } from './list.ts';
import { sizeList, takeRisk, type AcceptedList, type SizedMember } from './list.ts';
import type { LockedOrder } from './order-row.ts';
import { decidePlace, placeCommand, type AcceptedOrder } from './place.ts';
import { checkReplacement } from './replace.ts';
import { askOfAmend, askOfPlace, NO_RISK, RiskRoom, type RiskAsk } from './risk.ts';
import { checkMoving, holdAsset, sizeOrder, type MarketTerms, type SizedOrder } from './size.ts';
import { isWide, marketOf, numbersOf, ownOrder, termsKey } from './touched.ts';
import type { WideMarkets } from './touched.ts';
import { decideWide } from './wide.ts';

/** Who asks for what, under names of the client's. */
type Named = Pick<PlaceIntent, 'userNumber' | 'requestHash'>;

/** What is answered to a name that was used with another request. */
const REUSED: Readonly<Record<RequestKey['kind'], ErrorCode>> = {
  client: 'ORDER_CLIENT_ID_REUSED',
  header: 'IDEMPOTENCY_KEY_REUSED',
  list_client: 'ORDER_LIST_CLIENT_ID_REUSED',
  list_header: 'IDEMPOTENCY_KEY_REUSED',
};

const NO_PLAN: BatchPlan = { wide: new Map(), allOrNone: new Map() };

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
  readonly #sizedLists = new Map<Intent, readonly SizedMember[] | Rejection>();
  readonly #accounts = new Map<string, UserAsset>();
  readonly #taken = new Map<string, bigint>();
  readonly #keys = new Map<string, { requestHash: string; orderNumber: number }>();
  readonly #openCounts = new Map<string, number>();
  readonly #amending = new Set<number>();
  readonly #blocked: ReadonlySet<number>;
  readonly #risk: RiskRoom;
  readonly #tradeGroups: ReadonlyMap<number, number>;
  #wide: WideMarkets = NO_PLAN.wide;
  #nextNumber = 0;
  /** Takes back what the present run of orders has done, the last first. */
  #undo: (() => void)[] = [];
  readonly #draft: Draft;
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
    this.#blocked = new Set(context.blockedUsers);
    this.#risk = new RiskRoom(context.risk ?? NO_RISK, context.nowMs);
    this.#draft = emptyDraft(context.nowMs);
    this.#tradeGroups = new Map(
      (context.tradeGroups ?? []).map((each) => [each.userNumber, each.tradeGroup]),
    );
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
      if (intent.kind === 'place_list') {
        const members = sizeList(intent, terms, this.#context.nowMs);
        this.#sizedLists.set(intent, members);
        for (const { sized } of isRejection(members) ? [] : members) {
          this.#needAccount(intent.userNumber, sized.hold.asset);
        }
      }
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
  decideAll(
    intents: readonly Intent[],
    readAvailable: ReadAvailable,
    plan: BatchPlan = NO_PLAN,
  ): Draft {
    this.#readAvailable = readAvailable;
    this.#wide = plan.wide;
    for (let at = 0; at < intents.length;) {
      const end = plan.allOrNone.get(at);
      const run = intents.slice(at, end ?? at + 1);
      const decisions = run.map((intent) => this.#decideOne(intent));
      const isRefused = end !== undefined && decisions.some(isRejection);
      if (isRefused) for (const undo of this.#undo.reverse()) undo();
      this.#draft.decisions.push(...(isRefused ? orNone(decisions) : decisions));
      this.#undo = [];
      at += run.length;
    }
    return this.#draft;
  }

  #decideOne(intent: Intent): Decision {
    const numbers = this.#takeNumbers(numbersOf(intent, this.#wide));
    const touched = marketOf(intent, this.#orders);
    const refused = refuseByLimits(intent.limits, touched, this.#context.nowMs);
    if (refused !== null) return refused;
    if (isWide(intent)) return this.#decideWide(intent, numbers);
    const [number = 0] = numbers;
    switch (intent.kind) {
      case 'place':
        return this.#place(intent, number);
      case 'place_list':
        return this.#placeList(intent, numbers);
      case 'cancel':
        return this.#cancel(intent, number);
      case 'amend':
        return this.#amend(intent, number);
    }
  }

  #takeNumbers(count: number): readonly number[] {
    const numbers = this.#context.numbers.slice(this.#nextNumber, this.#nextNumber + count);
    if (numbers.length < count) throw new Error('fewer command numbers than requests');
    this.#nextNumber += count;
    return numbers;
  }

  #place(intent: PlaceIntent, number: number): Decision {
    const repeat = this.#findRepeat(intent);
    if (repeat !== null) return repeat;
    const { userNumber, body, replaces } = intent;
    const barred = this.#checkAccount(userNumber);
    if (barred !== null) return barred;
    const found = this.#findReplaced(intent);
    if (isRejection(found)) return found;
    const terms = this.#termsOf(intent);
    const sized = this.#sized.get(intent);
    if (terms === undefined || sized === undefined) return reject('MARKET_NOT_FOUND');
    if (isRejection(sized)) return sized;
    const countKey = termsKey(userNumber, body.market);
    const openOrders = this.#openCounts.get(countKey) ?? 0;
    const state = {
      availableMinor: this.#available(userNumber, sized.hold.asset),
      openOrders,
      openOrdersMax: this.#risk.openOrdersMax(userNumber, body.market, this.#openOrdersMax),
      nowMs: this.#context.nowMs,
    };
    const names = { userNumber, orderNumber: number };
    const decided = decidePlace(body, sized, terms, state, names);
    if (isRejection(decided)) return decided;
    const ask = askOfPlace(userNumber, body, decided.sized, terms);
    const limited = this.#risk.checkLimits(ask);
    if (limited !== null) return limited;
    const tradeGroup = this.#tradeGroups.get(userNumber);
    const order: AcceptedOrder = {
      ...decided,
      ...(tradeGroup === undefined ? {} : { tradeGroup }),
      ...(replaces === undefined ? {} : { replaces }),
    };
    if (found !== null) goesAfter(this.#draft, found);
    this.#accept(order, intent, ask);
    return { kind: 'placed', order, commandNumber: number };
  }

  #accept(order: AcceptedOrder, intent: PlaceIntent, ask: RiskAsk): void {
    const { userNumber, orderNumber, body, terms } = order;
    const { asset, amountMinor } = order.sized.hold;
    const countKey = termsKey(userNumber, body.market);
    const openOrders = this.#openCounts.get(countKey) ?? 0;
    this.#take(userNumber, asset, amountMinor);
    this.#openCounts.set(countKey, openOrders + 1);
    for (const key of intent.keys) this.#learnKey(key, intent, orderNumber);
    this.#risk.take(ask);
    this.#draft.placed.push({ order, notionalMinor: ask.addedNotionalMinor });
    this.#draft.holds.push(holdOfOrder(order));
    addCommand(this.#draft, body.market, terms.shard, placeCommand(order));
    this.#undo.push(() => {
      this.#take(userNumber, asset, -amountMinor);
      this.#risk.giveBack(ask);
      this.#openCounts.set(countKey, openOrders);
      for (const key of intent.keys) {
        this.#keys.delete(keyText(userNumber, key));
        this.#draft.keys.pop();
      }
      this.#draft.placed.pop();
      this.#draft.holds.pop();
      takeBackCommand(this.#draft, body.market);
    });
  }

  #placeList(intent: PlaceListIntent, numbers: readonly number[]): Decision {
    const repeat = this.#findRepeat(intent);
    if (repeat !== null) return repeat;
    const { userNumber, market } = intent;
    const barred = this.#checkAccount(userNumber);
    if (barred !== null) return barred;
    const members = this.#sizedLists.get(intent);
    if (members === undefined) return reject('MARKET_NOT_FOUND');
    if (isRejection(members)) return members;
    const tradeGroup = this.#tradeGroups.get(userNumber);
    const list = decideList(intent, members, {
      numbers,
      openOrders: this.#openCounts.get(termsKey(userNumber, market)) ?? 0,
      openOrdersMax: this.#risk.openOrdersMax(userNumber, market, this.#openOrdersMax),
      nowMs: this.#context.nowMs,
      availableMinor: (asset) => this.#available(userNumber, asset),
      ...(tradeGroup === undefined ? {} : { tradeGroup }),
    });
    if (isRejection(list)) return list;
    const asks = takeRisk(list, this.#risk);
    if (isRejection(asks)) return asks;
    this.#acceptList(list, intent, asks);
    return { kind: 'list_placed', list };
  }

  /** A list is never one of several that are taken or refused together: nothing takes it back. */
  #acceptList(list: AcceptedList, intent: PlaceListIntent, asks: readonly RiskAsk[]): void {
    const { userNumber, market, orders, listNumber } = list;
    const countKey = termsKey(userNumber, market);
    this.#openCounts.set(countKey, (this.#openCounts.get(countKey) ?? 0) + orders.length);
    for (const key of intent.keys) {
      const named = key.kind === 'client' && orders.find((o) => o.body.clientOrderId === key.key);
      this.#learnKey(key, intent, named ? named.orderNumber : listNumber);
    }
    orders.forEach((order, at) => {
      this.#draft.placed.push({ order, notionalMinor: asks[at]?.addedNotionalMinor ?? 0n });
    });
    for (const hold of holdsOfList(list)) {
      this.#take(userNumber, hold.asset, hold.amountMinor);
      this.#draft.holds.push(hold);
    }
    this.#draft.lists.push(list);
    addCommand(this.#draft, market, orders[0]?.terms.shard ?? 0, placeListCommand(list));
  }

  #learnKey(key: RequestKey, { userNumber, requestHash }: Named, orderNumber: number): void {
    this.#keys.set(keyText(userNumber, key), { requestHash, orderNumber });
    this.#draft.keys.push({ ...key, userNumber, requestHash, orderNumber });
  }

  /** Whoever may only cancel is refused whatever else is asked for. */
  #checkAccount(userNumber: number): Rejection | null {
    if (this.#blocked.has(userNumber)) return reject('ACCOUNT_BLOCKED');
    return this.#risk.checkAccount(userNumber);
  }

  /** The order whose place is to be taken; null when none is named. */
  #findReplaced(intent: PlaceIntent): LockedOrder | null | Rejection {
    const { userNumber, replaces } = intent;
    if (replaces === undefined) return null;
    const { orderNumber } = replaces;
    const found = ownOrder({ userNumber, orderNumber }, this.#orders) ?? null;
    return checkReplacement(found, intent.body, replaces) ?? found;
  }

  #findRepeat(intent: Named & { readonly keys: readonly RequestKey[] }): Decision | null {
    for (const key of intent.keys) {
      const known = this.#keys.get(keyText(intent.userNumber, key));
      if (known === undefined) continue;
      if (known.requestHash === intent.requestHash) {
        return { kind: 'replayed', orderNumber: known.orderNumber };
      }
      return reject(REUSED[key.kind]);
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
    goesAfter(this.#draft, found);
    addCommand(this.#draft, found.market, terms.shard, {
      kind: 'cancel',
      number,
      timeMs: this.#context.nowMs,
      userNumber: intent.userNumber,
      orderNumber: found.orderNumber,
      ...(intent.onlyIf === null ? {} : { onlyIf: intent.onlyIf }),
    });
    return { kind: 'changing', order: found, terms, commandNumber: number };
  }

  #decideWide(intent: WideIntent, numbers: readonly number[]): Decision {
    const { userNumber } = intent;
    const state = {
      nowMs: this.#context.nowMs,
      markets: this.#wide.get(intent) ?? marketOf(intent, this.#orders),
      numbers,
      termsOf: (market: string) => this.#terms.get(termsKey(userNumber, market)),
      openOrdersOf: (market: string) => this.#openCounts.get(termsKey(userNumber, market)) ?? 0,
      deadlines: this.#context.deadlines ?? [],
    };
    return decideWide(intent, state, this.#draft);
  }

  #amend(intent: AmendIntent, number: number): Decision {
    const found = ownOrder(intent, this.#orders) ?? null;
    const terms = this.#termsOf(intent);
    if (found === null || terms === undefined) return reject('ORDER_NOT_FOUND');
    const barred = this.#checkAccount(intent.userNumber);
    if (barred !== null) return barred;
    const pending = found.amendPending || this.#amending.has(found.orderNumber);
    const amend = decideAmend({ ...found, amendPending: pending }, intent.body, terms);
    if (isRejection(amend)) return amend;
    const ask = askOfAmend(found, amend, terms);
    const limited = this.#risk.checkLimits(ask);
    if (limited !== null) return limited;
    const asset = holdAsset(terms, found.side);
    if (this.#available(intent.userNumber, asset) < amend.holdIncreaseMinor) {
      return reject('ORDER_FUNDS_INSUFFICIENT', `the available ${asset} does not cover the amend`);
    }
    this.#risk.take(ask);
    this.#take(intent.userNumber, asset, amend.holdIncreaseMinor);
    this.#amending.add(found.orderNumber);
    goesAfter(this.#draft, found);
    const { orderNumber } = found;
    const { holdIncreaseMinor } = amend;
    const { userNumber, market } = found;
    const notionalMinor = ask.addedNotionalMinor;
    const more = { userNumber, market, notionalMinor };
    this.#draft.amends.push({ orderNumber, amendNumber: number, holdIncreaseMinor, ...more });
    addCommand(this.#draft, found.market, terms.shard, {
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

  #termsOf(intent: Intent): MarketTerms | undefined {
    const [market] = marketOf(intent, this.#orders);
    return market === undefined ? undefined : this.#terms.get(termsKey(intent.userNumber, market));
  }

  #needAccount(userNumber: number, asset: string): void {
    this.#accounts.set(`${userNumber} ${asset}`, { userNumber, asset });
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
