// Requests that may mean several markets: one command in each, or none anywhere. While one of the
// markets moves to another shard the whole has to wait, so that nobody takes a part for all.
import { isRejection, reject, type Rejection } from '../../../shared/domain/rejection.ts';
import { addCommand, goesAfter, type Decision, type Draft } from './draft.ts';
import type { CancelAllAfterIntent, CancelAllIntent, WideIntent } from './intent.ts';
import { checkMoving, type MarketTerms } from './size.ts';
import type { UserMarket } from './touched.ts';

/** Markets in which one request may set a deadline; more must be named one by one. */
export const DEADMAN_MARKETS_MAX = 200;

export interface WideState {
  readonly nowMs: number;
  /** The markets that the request means. */
  readonly markets: readonly string[];
  /** A command number for each. */
  readonly numbers: readonly number[];
  readonly termsOf: (market: string) => MarketTerms | undefined;
  /** Orders that the user has open there, those of this batch among them. */
  readonly openOrdersOf: (market: string) => number;
  /** Deadlines that were set before. */
  readonly deadlines: readonly (UserMarket & { readonly unpublishedId: number | null })[];
}

interface Target {
  readonly market: string;
  readonly number: number;
  readonly shard: number;
}

export function decideWide(intent: WideIntent, state: WideState, draft: Draft): Decision {
  const targets = findTargets(intent, state);
  if (isRejection(targets)) return targets;
  return intent.kind === 'cancel_all'
    ? cancelAll(intent, targets, state, draft)
    : cancelAllAfter(intent, targets, state, draft);
}

function findTargets(intent: WideIntent, state: WideState): Target[] | Rejection {
  const targets: Target[] = [];
  for (const [at, market] of state.markets.entries()) {
    const terms = state.termsOf(market);
    if (terms === undefined) {
      if (intent.market !== null) return reject('MARKET_NOT_FOUND');
      // Nobody named it, and nobody can have orders there: it has no fee rates yet, say.
      continue;
    }
    const moving = checkMoving(terms);
    if (moving !== null) return moving;
    targets.push({ market, number: state.numbers[at] ?? 0, shard: terms.shard });
  }
  return targets;
}

function cancelAll(
  intent: CancelAllIntent,
  targets: readonly Target[],
  { nowMs: timeMs, openOrdersOf }: WideState,
  draft: Draft,
): Decision {
  const { userNumber, side } = intent;
  const wanted = targets.filter(({ market }) => intent.market !== null || openOrdersOf(market) > 0);
  for (const { market, number, shard } of wanted) {
    draft.cancelledAll.push({ userNumber, market });
    const ofSide = side === null ? {} : { side };
    addCommand(draft, market, shard, {
      kind: 'cancel_all',
      number,
      timeMs,
      userNumber,
      ...ofSide,
    });
  }
  return { kind: 'cancelling_all', markets: wanted.map(({ market }) => market) };
}

function cancelAllAfter(
  intent: CancelAllAfterIntent,
  targets: readonly Target[],
  { nowMs: timeMs, deadlines }: WideState,
  draft: Draft,
): Decision {
  if (targets.length > DEADMAN_MARKETS_MAX) return reject('DEADMAN_MARKETS_TOO_MANY');
  const { userNumber, seconds } = intent;
  const deadlineMs = seconds === 0 ? null : timeMs + seconds * 1_000;
  for (const { market, number, shard } of targets) {
    const before = deadlines.find(
      (each) => each.userNumber === userNumber && each.market === market,
    );
    if (before !== undefined) goesAfter(draft, before);
    draft.deadlines.push({ userNumber, market, deadlineMs });
    const kind = 'cancel_all_after';
    addCommand(draft, market, shard, { kind, number, timeMs, userNumber, deadlineMs });
  }
  return { kind: 'deadline_set', markets: targets.map(({ market }) => market), deadlineMs };
}
