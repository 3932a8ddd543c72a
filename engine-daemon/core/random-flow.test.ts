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
import { commandsOf, flow } from '../testing/random-commands.ts';
import { Shard } from './shard.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import { stateLines } from './state-hash.ts';

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
      { numRuns: 500 },
    );
    // A flow in which one of them never happens would prove nothing about it.
    expect([...kinds].sort()).toEqual([
      'amended',
      'armed',
      'configured',
      'deadman_fired',
      'deadman_set',
      'ended',
      'indicative',
      'opened',
      'phase_changed',
      'prevented',
      'reduced',
      'refused',
      'trade',
      'triggered',
      'uncrossed',
      'user_blocked',
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
