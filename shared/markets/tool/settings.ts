// What a partial change of limits, band or interruption makes of a market's description.
import { TerminalError } from '../../domain/failure.ts';
import type { InterruptionRule, PriceBand } from '../../domain/market.ts';
import type { SelfTradePrevention } from '../../domain/order.ts';
import type { MarketDescription } from '../stored-market.ts';

/** Undefined leaves a value as it is, null takes it away. */
type Maybe<Value> = Value | null | undefined;

interface Cleared {
  readonly kind: 'band' | 'interruption';
  readonly clear: true;
}

interface LimitsPatch {
  readonly kind: 'limits';
  readonly maxNotional?: Maybe<string>;
  readonly maxOpenOrders?: Maybe<number>;
  readonly maxWaitingOrders?: Maybe<number>;
  readonly referenceMaxAgeMs?: Maybe<number>;
  readonly selfTradeModes?: Maybe<readonly SelfTradePrevention[]>;
}

interface BandPatch {
  readonly kind: 'band';
  readonly staticPrice?: Maybe<string>;
  readonly staticBps?: Maybe<number>;
  readonly dynamicBps?: Maybe<number>;
}

interface InterruptionPatch {
  readonly kind: 'interruption';
  readonly moveBps?: Maybe<number>;
  readonly windowMs?: Maybe<number>;
  readonly haltMs?: Maybe<number>;
  readonly auctionMs?: Maybe<number>;
}

export type SettingsPatch = LimitsPatch | BandPatch | InterruptionPatch | Cleared;

/** Throws TerminalError when half of what belongs together would be left. */
export function patchSettings(
  description: MarketDescription,
  patch: SettingsPatch,
): MarketDescription {
  const { kind, ...changes } = patch;
  const { priceBand, interruption, ...rest } = description;
  const band = priceBand === undefined ? {} : { priceBand };
  const interrupts = interruption === undefined ? {} : { interruption };
  switch (kind) {
    case 'limits':
      return { ...overlay(rest, changes), ...band, ...interrupts } as MarketDescription;
    case 'band': {
      const next = 'clear' in changes ? {} : wholeBand(overlay(priceBand ?? {}, changes));
      return { ...rest, ...interrupts, ...(isEmpty(next) ? {} : { priceBand: next }) };
    }
    case 'interruption': {
      const next = 'clear' in changes ? {} : overlay(interruption ?? {}, changes);
      if (isEmpty(next)) return { ...rest, ...band };
      return { ...rest, ...band, interruption: wholeRule(next) };
    }
  }
}

function overlay(before: object, changes: object): object {
  const defined = Object.entries(changes).filter(([, value]) => value !== undefined);
  const after = { ...before, ...Object.fromEntries(defined) };
  return Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null));
}

function wholeBand(band: PriceBand): PriceBand {
  if ((band.staticPrice === undefined) === (band.staticBps === undefined)) return band;
  throw new TerminalError('static-price and static-bps go together');
}

function wholeRule(rule: Partial<InterruptionRule>): InterruptionRule {
  const { moveBps, windowMs, haltMs, auctionMs } = rule;
  if (
    moveBps === undefined ||
    windowMs === undefined ||
    haltMs === undefined ||
    auctionMs === undefined
  ) {
    throw new TerminalError('move-bps, window-ms, halt-ms and auction-ms go together');
  }
  return { moveBps, windowMs, haltMs, auctionMs };
}

function isEmpty(fields: object): boolean {
  return Object.keys(fields).length === 0;
}
