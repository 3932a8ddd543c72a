// What the routes hand in to be accepted, and what they hear of it.
import type { Rejection } from '../../../shared/domain/rejection.ts';
import type { Accepted, Intent } from '../decide/intent.ts';
import { isWide } from '../decide/touched.ts';
import type { Expected } from './outcomes.ts';

/** One call of a client: a single wish, or a batch of them, which stay together in the log. */
export interface Request {
  readonly intents: readonly Intent[];
  /** True when the caller waits for the engine's outcome. */
  readonly waits: boolean;
  /** Every one of its orders is accepted, or none is. */
  readonly allOrNone: boolean;
  /** The client's own name for a batch as a whole: a repeat is answered as the first time. */
  readonly batchKey: BatchKey | null;
}

export interface BatchKey {
  readonly userNumber: number;
  readonly key: string;
  /** SHA-256 of the request, hex. */
  readonly requestHash: string;
}

/** `expected` is null when nobody waits, or when the request made no command to wait for. */
export type Answer =
  Rejection | { readonly accepted: Accepted; readonly expected: Expected | null };

/** One answer for each intent, or one refusal of the whole. */
export type Answers = readonly Answer[] | Rejection;

/** What a wish that may become a command a market counts for. */
const WIDE_WEIGHT = 20;

export function single(intent: Intent, waits: boolean): Request {
  return { intents: [intent], waits, allOrNone: false, batchKey: null };
}

/** Whose it is: all of a call is of one account. */
export function userOf({ intents }: Request): number | undefined {
  return intents[0]?.userNumber;
}

/** True for what only takes orders out of the market: it is taken where nothing is placed. */
export function isCancelling({ intents }: Request): boolean {
  return intents.every(({ kind }) => kind === 'cancel' || kind.startsWith('cancel_all'));
}

/** How much of a transaction the request takes, in orders. */
export function weightOf({ intents }: Request): number {
  return intents.reduce((sum, intent) => sum + weightOfIntent(intent), 0);
}

function weightOfIntent(intent: Intent): number {
  if (isWide(intent)) return WIDE_WEIGHT;
  return intent.kind === 'place_list' ? intent.orders.length : 1;
}
