// Orders that wait for a trigger price, as the orders function keeps them, judged by a story that
// is told by hand: the replay knows them from `armed` to `triggered`.
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALICE, createOrdersFixture, published } from '../../functions/orders/fixture.ts';
import type { OrdersFixture } from '../../functions/orders/fixture.ts';
import { armed, triggered } from '../../functions/orders/outcome-fixture.ts';
import type { ArmedEvent, TriggeredEvent } from '../../shared/events/executions.ts';
import type { MarketCommand } from '../oracle/naive-types.ts';
import { ExecutionCheck } from './check-executions.ts';
import { checkHolds } from './check-holds.ts';
import { checkOrders } from './check-orders.ts';
import { Settled } from './check-settlement.ts';
import { makeClient } from './database.ts';
import { Findings } from './findings.ts';
import { violatedBy } from './forgery.ts';
import { Replay } from './replay.ts';

const MARKET = 'BTC-USD';
const LOTS = 5;

let fixture: OrdersFixture;
let client: pg.Client;
let command: MarketCommand;
let waits: ArmedEvent;
beforeAll(async () => {
  fixture = await createOrdersFixture();
  client = makeClient(fixture.database.url);
  await client.connect();
  const body = { market: MARKET, side: 'buy', type: 'market', quantity: '0.0005' };
  const trigger = { type: 'stop_loss', price: '30000' };
  await fixture.call(ALICE, 'POST', '/v1/orders', { ...body, trigger });
  await published(fixture);
  const placed = (await fixture.commands()).find(({ kind }) => kind === 'place');
  command = placed as unknown as MarketCommand;
  waits = { ...armed(1, command.number), remainingLots: LOTS };
  await fixture.deliver([waits]);
});
afterAll(async () => {
  await client.end();
  await fixture.close();
});

async function audit(
  events: readonly (ArmedEvent | TriggeredEvent)[],
  forge = '',
): Promise<Findings> {
  const findings = new Findings();
  const replay = new Replay(findings);
  const settled = new Settled();
  replay.orders.accept(MARKET, command, false);
  for (const event of events) {
    replay.orders.note(MARKET, event);
    settled.add(MARKET, event.sequence);
  }
  replay.finish();
  await client.query('BEGIN');
  try {
    await client.query(forge);
    await checkOrders(client, replay, new ExecutionCheck(replay, findings, true), findings);
    await checkHolds(client, replay, settled, findings);
  } finally {
    await client.query('ROLLBACK');
  }
  return findings;
}

const set = (change: string): string => `UPDATE orders.orders SET ${change}`;

describe('an order that waits', () => {
  test('shows it, holds all that was held for it, and is nowhere else', async () => {
    expect(violatedBy(await audit([waits]))).toEqual([]);
  });

  test.each([
    ['M1', 'shows another trigger price', set('trigger_price_ticks = trigger_price_ticks + 1')],
    ['M1', 'shows another trigger', set(`trigger_type = 'take_profit'`)],
    ['M1', 'shows none', set('trigger_type = NULL, trigger_price_ticks = NULL')],
    ['M6', 'is shown as one that rests', set(`status = 'open'`)],
    ['M6', 'has lost a part', set('remaining_lots = remaining_lots - 1')],
    ['L4', 'holds less than was held for it', 'UPDATE ledger.holds SET remaining = remaining - 1'],
  ])('is a violation of %s when it %s', async (invariant, _name, forge) => {
    expect(violatedBy(await audit([waits], forge))).toEqual([invariant]);
  });
});

describe('an order that was triggered', () => {
  test('must rest or end, and locks nothing as long as it does neither', async () => {
    expect(violatedBy(await audit([waits, triggered(2, command.number)]))).toEqual(['L4', 'M1']);
  });

  test('is open, or shown as waiting as long as that is not projected', async () => {
    const projected = set(`status = 'open', last_sequence = 2`);
    const early = (await audit([waits, triggered(2, command.number)])).find('M6');
    const late = (await audit([waits, triggered(2, command.number)], projected)).find('M6');
    expect([early, late]).toEqual([null, null]);
    const wrong = await audit([waits, triggered(2, command.number)], set('last_sequence = 2'));
    expect(wrong.find('M6')?.row).toMatchObject({ problem: 'an order shows another status' });
  });
});
