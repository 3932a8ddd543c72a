// What a random run must have seen of dead-man deadlines and of blocked users:
// "cancel_all_after" and "block_user" in docs/engine.md.
import type { Context, Hit } from './coverage-acts.ts';
import { userIdOf } from './naive-amounts.ts';
import type { Execution } from './naive-events.ts';
import type { MarketCommand } from './naive-types.ts';

const REFUSALS = ['MARKET_NOT_FOUND', 'COMMAND_TOO_OLD'];
const ENDS = ['resting orders', 'waiting orders', 'resting and waiting orders', 'no orders'];

export const SWITCH_OUTCOMES: readonly string[] = [
  ...REFUSALS.flatMap((reason) => [
    `cancel_all_after refused ${reason}`,
    `block_user refused ${reason}`,
  ]),
  'cancel_all_after refused DEADMAN_DEADLINE_PAST',
  'deadline refused, the one before stays',
  'deadline set',
  'deadline moved ahead',
  'deadline moved back',
  'deadline taken away',
  'deadline taken away although there was none',
  'deadline set by a blocked user',
  'deadline fired by the command that moves it',
  ...['tick', 'place', 'cancel', 'amend'].map((cause) => `deadline fired by ${cause}`),
  ...ENDS.map((ends) => `deadline fired with ${ends}`),
  'deadlines fired after orders expired',
  'several deadlines fired at once',
  ...ENDS.map((ends) => `user blocked with ${ends}`),
  'user blocked although blocked',
  'user blocked no longer',
  'user blocked no longer although never blocked',
  'deadline fired of a blocked user',
  'cancel of a blocked user refused',
];

/** `own` are the events of the command itself, without those of orders that it triggered. */
export function noteSwitches(
  command: MarketCommand,
  own: readonly Execution[],
  clock: readonly Execution[],
  { blocked, deadlines, waiting }: Context,
  hit: Hit,
): void {
  if (command.kind === 'configure_market') return;
  const isBlocked = blocked.has(command.userNumber);
  const old = deadlines.get(command.userNumber);
  const refusal = own.find((event) => event.kind === 'refused');
  const isCancel = command.kind === 'cancel' || command.kind === 'cancel_all';
  if (isCancel && isBlocked && refusal !== undefined) hit('cancel of a blocked user refused');
  if (command.kind === 'cancel_all_after') {
    const isFired = clock.some(
      (event) => event.kind === 'deadman_fired' && event.userId === userIdOf(command.userNumber),
    );
    if (refusal?.kind === 'refused' && refusal.reason === 'DEADMAN_DEADLINE_PAST') {
      if (old !== undefined && !isFired) hit('deadline refused, the one before stays');
      return;
    }
    if (refusal !== undefined) return;
    if (isFired) hit('deadline fired by the command that moves it');
    else hit(deadlineMoveOf(old, command.deadlineMs));
    if (isBlocked) hit('deadline set by a blocked user');
  }
  if (command.kind !== 'block_user' || refusal !== undefined) return;
  if (command.isBlocked)
    hit(
      `user blocked with ${endsAfter(
        own.findIndex(({ kind }) => kind === 'user_blocked'),
        own,
        waiting,
      )}`,
    );
  if (command.isBlocked && isBlocked) hit('user blocked although blocked');
  if (command.isBlocked) return;
  hit(isBlocked ? 'user blocked no longer' : 'user blocked no longer although never blocked');
}

function deadlineMoveOf(old: number | undefined, deadlineMs: number | null): string {
  if (deadlineMs === null) {
    return old === undefined
      ? 'deadline taken away although there was none'
      : 'deadline taken away';
  }
  if (old === undefined) return 'deadline set';
  return deadlineMs < old ? 'deadline moved ahead' : 'deadline moved back';
}

/** Counts deadlines that the clock has reached, whatever moved it. */
export function noteClock(
  cause: string,
  own: readonly Execution[],
  { blocked, waiting }: Context,
  hit: Hit,
): void {
  const fired = own.filter((event) => event.kind === 'deadman_fired');
  const [first] = fired;
  if (first === undefined) return;
  hit(`deadline fired by ${cause}`);
  if (fired.length > 1) hit('several deadlines fired at once');
  const before = own.slice(0, own.indexOf(first));
  if (before.length > 0) hit('deadlines fired after orders expired');
  if ([...blocked].some((user) => fired.some(({ userId }) => userId === userIdOf(user)))) {
    hit('deadline fired of a blocked user');
  }
  for (const event of fired) {
    hit(`deadline fired with ${endsAfter(own.indexOf(event), own, waiting)}`);
  }
}

/** Which of the user's orders end right after an event. */
function endsAfter(at: number, events: readonly Execution[], waiting: Context['waiting']): string {
  const next = events.findIndex(({ kind }, index) => index > at && kind !== 'ended');
  const ends = events.slice(at + 1, next < 0 ? undefined : next);
  const waited = ends.filter((event) => event.kind === 'ended' && waiting.has(event.orderId));
  if (ends.length === 0) return 'no orders';
  if (waited.length === 0) return 'resting orders';
  return waited.length === ends.length ? 'waiting orders' : 'resting and waiting orders';
}
