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

describe('an order list in a record', () => {
  const take = { ...words(order), number: 5, side: 'sell', postOnly: true };
  const trigger = { kind: 'stop_loss', priceTicks: 90 };
  const stop = { ...take, number: 6, postOnly: false, trigger };
  const working = { ...words(order), number: 4 };
  const pair = {
    kind: 'place_list',
    number: 7,
    timeMs: 1_000,
    userNumber: 1,
    orders: [take, stop],
  };

  /** What a command has of an order beside what the list has for all of them. */
  function words(command: object): object {
    const head = ['kind', 'timeMs', 'userNumber'];
    return Object.fromEntries(Object.entries(command).filter(([key]) => !head.includes(key)));
  }

  function pairOf(first: object, second: object): IncomingRecord {
    return of({
      ...pair,
      orders: [
        { ...take, ...first },
        { ...stop, ...second },
      ],
    });
  }

  function behind(change: object): IncomingRecord {
    return of({ ...pair, working: { ...working, ...change } });
  }

  it.each([
    ['has its own number before one of its orders', of({ ...pair, number: 6 }), /do not rise/],
    ['has a number twice', pairOf({}, { number: 5 }), /do not rise/],
    ['has its working order behind the others', behind({ number: 5 }), /do not rise/],
    ['has no order', of({ ...pair, orders: [] }), /orders/],
    ['has three', of({ ...pair, orders: [take, stop, { ...stop, number: 6.5 }] }), /orders/],
    ['has one order that nothing places', of({ ...pair, orders: [stop] }), /list 7 has one order/],
    ['has an order of another user', pairOf({ userNumber: 2 }, {}), /userNumber/],
    ['replaces an order', pairOf({ replaces: { orderNumber: 1, onFailure: 'stop' } }, {}), /repl/],
    ['is sized by quote', pairOf({}, { type: 'market', quoteBudgetMinor: '5' }), /sized by quote/],
    ['has a working order sized by quote', behind({ quoteBudgetMinor: '5' }), /sized by quote/],
    ['has a working market order', behind({ type: 'market' }), /no plain limit order/],
    ['has a working order with a trigger', behind({ trigger }), /no plain limit order/],
    ['has a working order without an end', behind({ timeInForce: 'GTD' }), /command 4 is GTD/],
    ['has an order without an end', pairOf({}, { timeInForce: 'GTD' }), /command 6 is GTD/],
    ['buys and sells', pairOf({ side: 'buy' }, {}), /differs in side or quantity in list 7/],
    ['has two quantities', pairOf({}, { quantityLots: 4 }), /differs in side or quantity/],
    ['has no trigger', pairOf({}, { trigger: undefined, postOnly: true }), /has no trigger/],
    ['is pegged', pairOf({}, { peg: { to: 'same', offsetLevels: 0 } }), /is pegged/],
    ['would take', pairOf({ postOnly: false }, {}), /not post-only/],
    ['would not rest', pairOf({ timeInForce: 'IOC' }, {}), /not post-only/],
    ['is a market order at once', pairOf({ type: 'market' }, {}), /not post-only/],
  ])('is poison when it %s', (_, input, cause) => {
    expect(causeOf(input)).toMatch(cause);
  });

  it.each([
    ['of two orders', pair],
    ['of two with triggers', { ...pair, orders: [{ ...take, trigger, postOnly: false }, stop] }],
    ['of a working order and a pair', { ...pair, working }],
    ['of a working order and any other', { ...pair, working, orders: [words(order)] }],
    [
      'of pegged orders, not a pair',
      {
        ...pair,
        working: { ...working, peg: { to: 'same', offsetLevels: 0 } },
        orders: [{ ...words(order), peg: { to: 'opposite', offsetLevels: 100 } }],
      },
    ],
  ])('is carried out when it is one %s', (_, list) => {
    const expected = { kind: 'commands', market: BTC_USD, commands: [list] };
    expect(readInputRecord(of(list))).toEqual(expected);
  });
});
