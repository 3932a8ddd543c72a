// Random commands of every kind: after each one all internal links hold and every event fits its
// wire schema; saved and restored anywhere, the market goes on the same; run twice, the bytes are
// equal.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MarketCommand, TickCommand } from '../../shared/events/commands.ts';
import { executionEventSchema } from '../../shared/events/executions.ts';
import { decodeEvents } from './facts.ts';
import { checkInvariants } from './invariants.ts';
import { MarketBook } from './market-book.ts';
import { Shard } from './shard.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import { stateLines } from './state-hash.ts';
import { SMALL_MARKET, TestMarket } from './test-market.ts';

// A failure prints its seed and its shrunk steps.
const PRICES = [1, 90, 95, 97, 98, 99, 100, 101, 102, 103, 105, 110, 65_536, 4_294_967_295];
const LOTS = [1, 2, 3, 5, 10, 17, 100, 4_294_967_296, 9_007_199_254_740_991];

const price = fc.constantFrom(...PRICES);
const lots = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 20 }) },
  fc.constantFrom(...LOTS),
);
const user = fc.integer({ min: 1, max: 4 });

const place = fc.record({
  kind: fc.constant('place' as const),
  userNumber: user,
  side: fc.constantFrom('buy' as const, 'sell' as const),
  type: fc.constantFrom('limit' as const, 'limit' as const, 'limit' as const, 'market' as const),
  timeInForce: fc.constantFrom(
    'GTC' as const,
    'GTC' as const,
    'GTD' as const,
    'IOC' as const,
    'FOK' as const,
  ),
  postOnly: fc.boolean(),
  selfTradePrevention: fc.constantFrom(
    'cancel_taker' as const,
    'cancel_maker' as const,
    'cancel_both' as const,
    'decrement' as const,
    'none' as const,
  ),
  priceTicks: price,
  quantityLots: lots,
  budget: fc.option(fc.integer({ min: 1, max: 5_000 }), { freq: 3 }),
  lifeMs: fc.integer({ min: 0, max: 50 }),
  makerFeePpm: fc.constantFrom(-100, 0, 1_000),
  takerFeePpm: fc.constantFrom(0, 2_000, 333_333),
  trigger: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    fc.record({
      kind: fc.constantFrom('stop_loss' as const, 'take_profit' as const),
      priceTicks: price,
    }),
  ),
});

const step = fc.oneof(
  { weight: 12, arbitrary: place },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      userNumber: user,
      back: fc.nat(12),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cancel_all' as const), userNumber: user }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      userNumber: user,
      back: fc.nat(12),
      priceTicks: price,
      quantityLots: lots,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('configure' as const),
      status: fc.constantFrom(
        'trading' as const,
        'trading' as const,
        'cancel_only' as const,
        'halted' as const,
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick' as const), byMs: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), back: fc.nat(5) }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Turns steps into commands; numbers and times follow from the place in the list. */
function commandsOf(
  steps: readonly Step[],
  feePolicy: 'received' | 'quote',
): (MarketCommand | TickCommand)[] {
  const market = new TestMarket({ feePolicy });
  let nowMs = 1_000;
  let version = 1;
  const config = { ...SMALL_MARKET, feePolicy };
  const commands: (MarketCommand | TickCommand)[] = [
    { kind: 'configure_market', number: 1, timeMs: nowMs, config, status: 'trading' },
  ];
  steps.forEach((made, place) => {
    const number = place + 2;
    const head = { number, timeMs: nowMs };
    switch (made.kind) {
      case 'place': {
        const { budget, lifeMs, kind, ...words } = made;
        const isMarket = words.type === 'market';
        const quoteBudgetMinor = isMarket && budget !== null ? budget.toString() : null;
        const expiresAtMs = words.timeInForce === 'GTD' ? nowMs + lifeMs : null;
        commands.push(market.placeCommand({ ...head, ...words, quoteBudgetMinor, expiresAtMs }));
        expect(kind).toBe('place');
        return;
      }
      case 'cancel':
        commands.push({
          kind: 'cancel',
          ...head,
          userNumber: made.userNumber,
          orderNumber: Math.max(1, number - made.back),
        });
        return;
      case 'cancel_all':
        commands.push({ kind: 'cancel_all', ...head, userNumber: made.userNumber });
        return;
      case 'amend': {
        const { userNumber, priceTicks, quantityLots, back } = made;
        const orderNumber = Math.max(1, number - back);
        const holdIncreaseMinor = back % 4 === 0 ? '0' : '99999999999999999999999999999';
        const words = { userNumber, priceTicks, quantityLots, orderNumber, holdIncreaseMinor };
        commands.push({ kind: 'amend', ...head, ...words });
        return;
      }
      case 'configure':
        version += 1;
        commands.push({
          kind: 'configure_market',
          ...head,
          config: { ...config, version },
          status: made.status,
        });
        return;
      case 'tick':
        nowMs += made.byMs;
        commands.push({ kind: 'tick', timeMs: nowMs });
        return;
      case 'repeat': {
        const repeated = commands[commands.length - 1 - made.back];
        if (repeated !== undefined) commands.push(repeated);
        return;
      }
    }
  });
  return commands;
}

const flow = fc.tuple(
  fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }),
  fc.constantFrom('received' as const, 'quote' as const),
);

describe('random flow', () => {
  it('keeps every internal link and writes only events that fit their schema', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(flow, ([steps, feePolicy]) => {
        const book = new MarketBook('BTC-USD');
        let sequence = 0;
        for (const command of commandsOf(steps, feePolicy)) {
          book.apply(command);
          checkInvariants(book);
          for (const event of decodeEvents(book)) {
            sequence += 1;
            expect(event.sequence).toBe(sequence);
            kinds.add(event.kind);
            expect(executionEventSchema.safeParse(event).error).toBeUndefined();
          }
          book.events.clear();
          if (sequence % 3 === 0) book.clearTouched();
        }
      }),
      { numRuns: 300 },
    );
    // A flow in which one of them never happens would prove nothing about it.
    expect([...kinds].sort()).toEqual([
      'amended',
      'armed',
      'configured',
      'ended',
      'opened',
      'reduced',
      'refused',
      'trade',
      'triggered',
    ]);
  });

  it('goes on the same after a save and a restore at any place', () => {
    fc.assert(
      fc.property(flow, fc.nat(120), ([steps, feePolicy], cut) => {
        const commands = commandsOf(steps, feePolicy);
        const whole = run(new Shard(), commands);
        const first = new Shard();
        const before = run(first, commands.slice(0, cut));
        const bytes = encodeSnapshot(first);
        const restored = decodeSnapshot(bytes);
        expect(encodeSnapshot(restored)).toEqual(bytes);
        const after = run(restored, commands.slice(cut));
        expect([...before.events, ...after.events]).toEqual(whole.events);
        if (cut < commands.length) expect(after.lines).toEqual(whole.lines);
      }),
      { numRuns: 200 },
    );
  });

  it('writes the same bytes twice', () => {
    fc.assert(
      fc.property(flow, ([steps, feePolicy]) => {
        const commands = commandsOf(steps, feePolicy);
        expect(run(new Shard(), commands)).toEqual(run(new Shard(), commands));
      }),
      { numRuns: 50 },
    );
  });
});

function run(
  shard: Shard,
  commands: readonly (MarketCommand | TickCommand)[],
): { events: string[]; lines: string[] } {
  const events: string[] = [];
  for (const command of commands) {
    if (command.kind === 'tick') shard.tick(command.timeMs);
    else shard.apply('BTC-USD', command);
    const book = shard.find('BTC-USD');
    if (book === null) continue;
    events.push(...decodeEvents(book).map((event) => JSON.stringify(event)));
    book.events.clear();
    book.clearTouched();
  }
  const book = shard.find('BTC-USD');
  return { events, lines: book === null ? [] : [...stateLines(book)] };
}
