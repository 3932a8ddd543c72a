// How a market moves from one shard to another, in the topic orders.accepted: the command to hand
// it over, in the old partition, and its state in pieces, in the new one. The book sees neither.
// Why: docs/decisions/0007-moving-a-market.md.
import { z } from 'zod';
import { marketIdField, numberField } from './fields.ts';

/** Bytes of a state in one record: in base64, with its headers, it stays below the bus's limit. */
export const PIECE_BYTES_MAX = 735_000;
/** 735 MB of state, eleven million resting orders: more than a move should try to carry. */
export const PIECES_MAX = 1_000;

const shardField = z.int().nonnegative();
const sha256Field = z.string().regex(/^[0-9a-f]{64}$/);

const moveHead = {
  market: marketIdField,
  /** Counts the moves of this market, from 1: names the move for ever. */
  moveNumber: numberField,
  fromShard: shardField,
  toShard: shardField,
};

export const marketHandedOverSchema = z.strictObject(moveHead);

export const marketTakenOverSchema = z.strictObject({
  ...moveHead,
  /** Place of this piece, from 1, and how many there are. */
  piece: z.int().positive().max(PIECES_MAX),
  pieces: z.int().positive().max(PIECES_MAX),
  /** Of the market's last event before the move; the new shard goes on with the next. */
  sequence: z.int().nonnegative(),
  /** docs/engine.md "State hash". */
  stateHash: sha256Field,
  /** Of all bytes of the state together. */
  stateSha256: sha256Field,
  /** Of the state, in base64; its format is the engine's own. */
  bytes: z.base64().min(1),
});

export type MarketHandedOver = z.infer<typeof marketHandedOverSchema>;
export type MarketTakenOver = z.infer<typeof marketTakenOverSchema>;
