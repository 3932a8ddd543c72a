// What a client asked for and what it was told, for the judge: every attempt, answered or not.

export type Told = 'ok' | 'refused' | 'unknown';

export interface PlaceBody {
  readonly market: `${string}-${string}`;
  readonly side: 'buy' | 'sell';
  readonly type: 'limit' | 'market';
  readonly price?: string;
  readonly quantity?: string;
  readonly quoteAmount?: string;
  readonly timeInForce?: string;
  readonly expiresAt?: string;
  readonly postOnly?: boolean;
  readonly selfTradePrevention?: string;
  readonly trigger?: { readonly type: 'stop_loss' | 'take_profit'; readonly price: string };
  readonly clientOrderId: string;
}

interface Asked {
  readonly user: number;
  /** One for each attempt. */
  readonly told: Told[];
  /** The network carried one of the attempts twice, and answered once. */
  wasRepeated: boolean;
}

export interface PlaceRecord extends Asked {
  readonly kind: 'place';
  readonly body: PlaceBody;
  /** Id of the order, once an answer has named it. */
  orderId: string | null;
  /** Times that the id was named differently: never. */
  conflicts: number;
}

export interface ChangeRecord extends Asked {
  readonly kind: 'cancel' | 'amend';
  readonly orderId: string;
}

export interface CancelAllRecord extends Asked {
  readonly kind: 'cancel_all';
  readonly market: string;
}

export type ClientRecord = PlaceRecord | ChangeRecord | CancelAllRecord;
