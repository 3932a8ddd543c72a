// What a random run must have seen of orders that take the place of others: "Replacing" in
// docs/engine.md.
import type { Acts, Context, Hit } from './coverage-acts.ts';
import { orderIdOf } from './naive-amounts.ts';
import type { Execution } from './naive-events.ts';
import type { MarketCommand, Replaces } from './naive-types.ts';

const FAILURES = ['unknown order', 'order of another', 'condition unmet'];
const CONDITIONS = ['whatever it is', 'if new', 'if partially_filled'];

export const REPLACING_OUTCOMES: readonly string[] = [
  ...CONDITIONS.map((condition) => `replaced a resting order ${condition}`),
  ...CONDITIONS.slice(0, 2).map((condition) => `replaced a waiting order ${condition}`),
  ...FAILURES.flatMap((failure) => [
    `replace stopped: ${failure}`,
    `replace proceeded: ${failure}`,
  ]),
  ...['opened', 'armed', 'traded', 'rejected', 'expired'].map((then) => `replaced, then ${then}`),
  'replaced in a halted market',
  'replaced by an order with a trigger',
  'replaced an iceberg',
  'replaced an order partially filled',
  'replaced, then triggered others',
  'replaced an order that stood in its way',
  'replace of an order that expired on the way',
  'replace by a blocked user stopped',
  'replace by a blocked user proceeded',
  'triggered long after it had replaced',
];

export function noteReplacing(
  command: MarketCommand,
  { own, triggered }: Acts,
  clock: readonly Execution[],
  context: Context,
  hit: Hit,
): void {
  for (const act of triggered) {
    if (act.command.replaces !== undefined) hit('triggered long after it had replaced');
  }
  if (command.kind !== 'place' || command.replaces === undefined) return;
  const { replaces } = command;
  const oldId = orderIdOf(replaces.orderNumber);
  const newId = orderIdOf(command.number);
  const end = own.find((event) => event.kind === 'ended' && event.orderId === newId);
  const reason = end?.kind === 'ended' ? end.reason : null;
  const isReplaced = own.some(
    (event) => event.kind === 'ended' && event.reason === 'ORDER_REPLACED',
  );
  if (!isReplaced) {
    if (reason === 'COMMAND_TOO_OLD' || reason === 'MARKET_NOT_FOUND') return;
    const isStopped = reason === 'ORDER_REPLACE_CANCEL_FAILED';
    const word = isStopped ? 'stopped' : 'proceeded';
    hit(`replace ${word}: ${failureOf(replaces, command.userNumber, context)}`);
    if (context.blocked.has(command.userNumber)) hit(`replace by a blocked user ${word}`);
    const hasExpired = clock.some((event) => event.kind === 'ended' && event.orderId === oldId);
    if (hasExpired) hit('replace of an order that expired on the way');
    return;
  }
  const before = context.resting.get(oldId);
  const condition = replaces.onlyIf === undefined ? CONDITIONS[0] : `if ${replaces.onlyIf}`;
  hit(`replaced a ${before === undefined ? 'waiting' : 'resting'} order ${condition ?? ''}`);
  if (context.status === 'halted') hit('replaced in a halted market');
  if (command.trigger !== undefined) hit('replaced by an order with a trigger');
  if (before?.shown) hit('replaced an iceberg');
  if (replaces.onlyIf === 'partially_filled') hit('replaced an order partially filled');
  if (triggered.length > 0) hit('replaced, then triggered others');
  const isInItsWay =
    before !== undefined &&
    before.side !== command.side &&
    own.some(({ kind }) => kind === 'trade' || kind === 'opened');
  if (isInItsWay) hit('replaced an order that stood in its way');
  for (const event of own) {
    if (event.kind === 'opened' || event.kind === 'armed') hit(`replaced, then ${event.kind}`);
    if (event.kind === 'trade') hit('replaced, then traded');
  }
  if (end?.kind === 'ended' && (end.status === 'rejected' || end.status === 'expired')) {
    hit(`replaced, then ${end.status}`);
  }
}

function failureOf(replaces: Replaces, user: number, { book, resting, waiting }: Context): string {
  const id = orderIdOf(replaces.orderNumber);
  const owner = resting.get(id)?.user ?? waiting.get(id)?.order.user;
  if (owner !== undefined && owner !== user) return 'order of another';
  // An order that is still there was not as the condition asks for.
  return book.findOwn(replaces.orderNumber, user) === null ? 'unknown order' : 'condition unmet';
}
