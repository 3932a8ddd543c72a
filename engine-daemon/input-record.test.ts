// Which records of the command log are carried out, and which never can be.
import { describe, expect, it } from 'vitest';
import type { IncomingRecord } from '../shared/bus/bus.ts';
import { EVENTS } from '../shared/events/catalog.ts';
import { readInputRecord } from './input-record.ts';
import { BTC_USD, limitOrder, marketConfig } from './testing/commands.ts';

const COMMANDS = EVENTS.commandsAccepted.type;

function record(type: string | null, value: Buffer | string, key: string | null): IncomingRecord {
  return {
    topic: 'orders.accepted',
    partition: 0,
    offset: 7,
    key,
    headers: type === null ? {} : { ce_type: type },
    value: Buffer.from(value),
    timestampMs: 0,
  };
}

function causeOf(input: IncomingRecord): string {
  const read = readInputRecord(input);
  return read.kind === 'poison' ? read.cause : 'none';
}

function of(command: object): IncomingRecord {
  return record(COMMANDS, JSON.stringify({ market: BTC_USD, commands: [command] }), BTC_USD);
}

function configured(change: object): IncomingRecord {
  const command = marketConfig({ number: 1 });
  return of({ ...command, config: { ...command.config, ...change } });
}

const order = limitOrder({ number: 5, userNumber: 1, side: 'buy', priceTicks: 100, lots: 3 });
const good = { market: BTC_USD, commands: [order] };

describe('a record of the command log', () => {
  it.each([
    ['has no type', record(null, JSON.stringify(good), BTC_USD), /type is missing/],
    ['has another type', record(EVENTS.executions.type, '{}', BTC_USD), /type is dev/],
    ['is not UTF-8', record(COMMANDS, Buffer.from([0xff, 0xfe]), BTC_USD), /not UTF-8/],
    ['is not JSON', record(COMMANDS, '{"market"', BTC_USD), /not JSON/],
    ['has no commands', record(COMMANDS, JSON.stringify({ ...good, commands: [] }), BTC_USD), /./],
    ['has no key', record(COMMANDS, JSON.stringify(good), null), /key is missing/],
    ['has the key of another market', record(COMMANDS, JSON.stringify(good), 'A2-B2'), /key is A2/],
    [
      'has an unknown field',
      record(COMMANDS, JSON.stringify({ ...good, extra: 1 }), BTC_USD),
      /extra/,
    ],
    [
      'has one bad command among good ones',
      record(COMMANDS, JSON.stringify({ ...good, commands: [order, { kind: 'no' }] }), BTC_USD),
      /commands/,
    ],
    [
      'configures another market',
      record(
        COMMANDS,
        JSON.stringify({ market: 'ETH-USD', commands: [marketConfig({ number: 1 })] }),
        'ETH-USD',
      ),
      /configuration of BTC-USD is in a record of ETH-USD/,
    ],
    ['has a GTD order without an end', of({ ...order, timeInForce: 'GTD' }), /GTD without/],
    ['has a limit order with a budget', of({ ...order, quoteBudgetMinor: '5' }), /quote budget/],
    ['names its assets otherwise', configured({ base: 'ETH' }), /configured as ETH in USD/],
    ['has a market that would need rounding', configured({ quoteDecimals: 2 }), /refused/],
    ['is a tick without time', record(EVENTS.clockTicked.type, '{"kind":"tick"}', null), /timeMs/],
  ])('is poison when it %s', (_, input, cause) => {
    expect(causeOf(input)).toMatch(cause);
  });

  it('gives its commands', () => {
    expect(readInputRecord(record(COMMANDS, JSON.stringify(good), BTC_USD))).toEqual({
      kind: 'commands',
      ...good,
    });
  });

  it('gives the time of a tick', () => {
    const tick = record(EVENTS.clockTicked.type, '{"kind":"tick","timeMs":12}', null);
    expect(readInputRecord(tick)).toEqual({ kind: 'tick', timeMs: 12 });
  });
});
