// What a client asked for and what it was told, for the judge: every attempt, answered or not.

export type Told = 'ok' | 'refused' | 'unknown';

type Trigger =
  | { readonly type: 'stop_loss' | 'take_profit'; readonly price: string }
  | {
      readonly type: 'trailing_stop';
      readonly trailBps: number;
      readonly activationPrice?: string;
    };

/** An order without its market, as it stands in a list. */
export interface OrderBody {
  readonly side: 'buy' | 'sell';
  readonly type: 'limit' | 'market';
  readonly price?: string;
  readonly quantity?: string;
  readonly quoteAmount?: string;
  readonly displayQuantity?: string;
  readonly timeInForce?: string;
  readonly expiresAt?: string;
  readonly postOnly?: boolean;
  readonly selfTradePrevention?: string;
  readonly trigger?: Trigger;
  readonly peg?: { readonly to: 'same' | 'opposite'; readonly offsetLevels?: number };
  readonly clientOrderId: string;
}

type MarketName = `${string}-${string}`;

export interface PlaceBody extends OrderBody {
  readonly market: MarketName;
}

export interface ListBody {
  readonly type: 'oco' | 'oto' | 'otoco';
  readonly market: MarketName;
  readonly orders: readonly OrderBody[];
  readonly clientListId: string;
}

interface Asked {
  readonly user: number;
  /** One for each attempt. */
  readonly told: Told[];
  /** The network carried one of the attempts twice, and answered once. */
  wasRepeated: boolean;
}

interface Named extends Asked {
  /** Of the order or the list, once an answer has named it. */
  id: string | null;
  /** Times that the id was named differently: never. */
  conflicts: number;
}

export interface PlaceRecord extends Named {
  readonly kind: 'place';
  readonly body: PlaceBody;
  /** The order that it takes the place of; null for one of its own. */
  readonly replaces: string | null;
}

export interface ListRecord extends Named {
  readonly kind: 'place_list';
  readonly body: ListBody;
  /** Of its orders, once an answer has named them. */
  orderIds: readonly string[];
}

/** `id` is that of the order or the list. */
export interface ChangeRecord extends Asked {
  readonly kind: 'cancel' | 'cancel_list' | 'amend';
  readonly id: string;
}

export interface WideRecord extends Asked {
  readonly kind: 'cancel_all' | 'cancel_all_after';
}

export type ClientRecord = PlaceRecord | ListRecord | ChangeRecord | WideRecord;
