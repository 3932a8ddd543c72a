// What the engine tells through the cache: changes of the book, public trades, snapshots. Any of it
// may get lost; `after` shows it. Prices are ticks and quantities lots, as in the log.
import { z } from 'zod';
import { SIDES } from '../domain/order.ts';
import {
  lotsField,
  lotsOrZeroField,
  marketIdField,
  minorField,
  numberField,
  priceTicksField,
  timeMsField,
} from '../events/fields.ts';

const sequenceOrZeroField = z.int().nonnegative();

/**
 * A message covers the market's events from `after + 1` to `sequence`. Who knows the market up to
 * less than `after` has missed something, and begins again from a snapshot that is new enough.
 */
const span = {
  market: marketIdField,
  after: sequenceOrZeroField,
  sequence: numberField,
  timeMs: timeMsField,
};

/** Each level as it is after `sequence`; zero lots: it is gone. Harmless to apply again. */
const depthMessageSchema = z.object({
  ...span,
  levels: z.array(z.tuple([z.enum(SIDES), priceTicksField, lotsOrZeroField])),
});

const tradesMessageSchema = z.object({
  ...span,
  trades: z.array(
    z.object({
      sequence: numberField,
      timeMs: timeMsField,
      priceTicks: priceTicksField,
      quantityLots: lotsField,
      baseMinor: minorField,
      quoteMinor: minorField,
      takerSide: z.enum(SIDES),
    }),
  ),
});

const levelField = z.tuple([priceTicksField, lotsField]);

/** The book after `sequence`: the best `depth` levels of each side, best first. */
const bookSnapshotSchema = z.object({
  market: marketIdField,
  sequence: sequenceOrZeroField,
  timeMs: timeMsField,
  /** A side with fewer levels is there in full. */
  depth: numberField,
  bids: z.array(levelField),
  asks: z.array(levelField),
});

export type DepthMessage = z.infer<typeof depthMessageSchema>;
export type TradesMessage = z.infer<typeof tradesMessageSchema>;
export type FeedTrade = TradesMessage['trades'][number];
export type BookSnapshot = z.infer<typeof bookSnapshotSchema>;

/** Null for what is none: a newer version of us may write otherwise. */
export function parseDepthMessage(text: string): DepthMessage | null {
  return parse(depthMessageSchema, text);
}

export function parseTradesMessage(text: string): TradesMessage | null {
  return parse(tradesMessageSchema, text);
}

export function parseBookSnapshot(text: string): BookSnapshot | null {
  return parse(bookSnapshotSchema, text);
}

function parse<Output>(schema: z.ZodType<Output>, text: string): Output | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(data);
  return parsed.success ? parsed.data : null;
}
