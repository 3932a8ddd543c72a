// Snapshots: everything that matters survives, and nothing that is not a snapshot gets in.
import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../shared/domain/failure.ts';
import { decodeMarketState, encodeMarketState } from './book-bytes.ts';
import { COMMAND_WINDOW } from './command-window.ts';
import { decodeEvents } from './facts.ts';
import { Shard } from './shard.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import { stateLines } from './state-hash.ts';
import { ALICE, BOB, CAROL, TestMarket, brief } from './test-market.ts';

/** Bytes that say the last trade's price and that no order waits. */
const NONE_WAITING = 16;
/** Bytes behind them: time of the last trade, reference, six empty lists, no order lists. */
const NO_PHASES = 37;
/** Bytes of the moves of a shard without any. */
const NO_MOVES = 4;

function openMarket(): TestMarket {
  const market = TestMarket.open();
  market.rest('buy', ALICE, 90, 5, { timeInForce: 'GTD', expiresAtMs: 500 });
  market.rest('buy', BOB, 90, 6, { postOnly: true, selfTradePrevention: 'cancel_both' });
  market.rest('sell', BOB, 4_294_967_295, 9_007_199_254_740_991, { makerFeePpm: -7 });
  market.tick(100);
  market.sell(CAROL, 90, 2);
  return market;
}

function save(market: TestMarket): Uint8Array {
  const shard = new Shard();
  shard.adopt(market.book);
  return encodeSnapshot(shard);
}

function restore(bytes: Uint8Array): TestMarket {
  return new TestMarket({}, decodeSnapshot(bytes).get('BTC-USD'));
}

describe('a restored market', () => {
  it('has the same state text and goes on with the next sequence', () => {
    const market = openMarket();
    const restored = restore(save(market));
    expect([...stateLines(restored.book)]).toEqual([...stateLines(market.book)]);
    const [event] = restored.place({});
    expect(event?.sequence).toBe(market.book.sequence + 1);
  });

  it('keeps priority, owners, expiry and the numbers it has seen', () => {
    const market = openMarket();
    const restored = restore(save(market));
    const repeat = { number: 3 };
    expect(restored.place(repeat)).toEqual([]);
    expect(restored.sell(ALICE, 90, 1).map(brief)).toEqual([
      'prevented 1/0@90',
      `ended 6 cancelled ORDER_SELF_TRADE_PREVENTED 1`,
    ]);
    expect(restored.tick(500).map(brief)).toEqual(['ended 2 expired ORDER_EXPIRED 3']);
    expect(restored.cancelAll(BOB).map(brief)).toHaveLength(2);
  });

  it('has no level to tell of before it does something', () => {
    const restored = restore(save(openMarket()));
    expect(restored.book.touchedLevels()).toEqual([]);
    restored.rest('buy', ALICE, 80, 1);
    expect(restored.book.touchedLevels()).toEqual([['buy', 80, 1]]);
  });

  it('keeps a window of numbers that is far up and full of gaps', () => {
    const market = TestMarket.open();
    for (const number of [
      10,
      7 * COMMAND_WINDOW + 31,
      7 * COMMAND_WINDOW,
      6 * COMMAND_WINDOW + 32,
    ]) {
      market.place({ number });
    }
    const restored = restore(save(market));
    expect(restored.place({ number: 6 * COMMAND_WINDOW + 32 })).toEqual([]);
    expect(restored.place({ number: 7 * COMMAND_WINDOW })).toEqual([]);
    expect(restored.place({ number: 7 * COMMAND_WINDOW - 1 }).map(brief)).toEqual([
      'opened 10@100',
    ]);
    expect(restored.place({ number: 11 }).map(brief)).toEqual(['refused COMMAND_TOO_OLD']);
  });
});

describe('a shard', () => {
  it('saves every market, configured or not, and ticks them in rising id', () => {
    const shard = new Shard();
    const order = (market: TestMarket) =>
      market.placeCommand({ timeInForce: 'GTD', expiresAtMs: 9 });
    for (const id of ['SOL-USD', 'BTC-USD', 'ETH-BTC'] as const) {
      const market = new TestMarket({ market: id });
      const head = { kind: 'configure_market', number: 1, timeMs: 0 } as const;
      if (id !== 'SOL-USD') shard.apply(id, { ...head, config: market.config, status: 'trading' });
      shard.apply(id, { ...order(market), number: 2 });
    }
    const restored = decodeSnapshot(encodeSnapshot(shard));
    restored.tick(9);
    const ended = [...restored.markets()].map((book) => [
      book.market,
      decodeEvents(book).map(brief),
    ]);
    expect(ended).toEqual([
      ['BTC-USD', ['ended 2 expired ORDER_EXPIRED 10']],
      ['ETH-BTC', ['ended 2 expired ORDER_EXPIRED 10']],
      ['SOL-USD', []],
    ]);
    expect(restored.get('SOL-USD').sequence).toBe(1);
    expect(() => restored.get('XRP-USD')).toThrow(AssertionError);
  });

  it('writes the same bytes for the same state', () => {
    const bytes = save(openMarket());
    expect(save(restore(bytes))).toEqual(bytes);
    expect(save(openMarket())).toEqual(bytes);
  });
});

describe('a shard that markets have left and come to', () => {
  const GONE = { market: 'ETH-USD', number: 3, toShard: 7 } as const;
  const HERE = { market: 'BTC-USD', number: 2, toShard: 0 } as const;

  function moved(): Shard {
    const shard = new Shard();
    shard.takeOver(openMarket().book, HERE);
    const left = new TestMarket({ market: 'ETH-USD' });
    shard.apply('ETH-USD', left.placeCommand({ number: 1 }));
    shard.release(GONE);
    return shard;
  }

  it('remembers its moves, and takes no older one for a new one', () => {
    const restored = decodeSnapshot(encodeSnapshot(moved()));
    expect(restored.moves()).toEqual([HERE, GONE]);
    expect(restored.findTombstone('ETH-USD')).toEqual(GONE);
    expect(restored.findTombstone('BTC-USD')).toBeNull();
    expect(() => restored.release(HERE)).toThrow(/move 2 comes after 2/);
    expect(() => restored.restoreMove(GONE)).toThrow(/twice/);
  });

  it('never begins a market anew that has left', () => {
    const market = new TestMarket({ market: 'ETH-USD' });
    for (const shard of [moved(), decodeSnapshot(encodeSnapshot(moved()))]) {
      expect(() => shard.apply('ETH-USD', market.placeCommand({}))).toThrow(/has moved away/);
      expect([...shard.markets()].map(({ market }) => market)).toEqual(['BTC-USD']);
    }
  });

  it('hands over a state that is as it was, and refuses bytes that are none', () => {
    const { book } = openMarket();
    const bytes = encodeMarketState(book);
    expect([...stateLines(decodeMarketState(bytes))]).toEqual([...stateLines(book)]);
    expect(encodeMarketState(decodeMarketState(bytes))).toEqual(bytes);
    expect(() => decodeMarketState(Uint8Array.of(9, ...bytes.subarray(1)))).toThrow(/version 9/);
    expect(() => decodeMarketState(Uint8Array.of(...bytes, 0))).toThrow(/after its end/);
  });
});

describe('a market with waiting orders', () => {
  function waitingMarket(): TestMarket {
    const market = openMarket();
    const trigger = { kind: 'stop_loss', priceTicks: 80 } as const;
    market.sell(BOB, 70, 3, { trigger, timeInForce: 'GTD', expiresAtMs: 900, postOnly: true });
    market.buy(CAROL, 200, 4, { trigger: { kind: 'stop_loss', priceTicks: 120 }, type: 'market' });
    market.sell(CAROL, 70, 4, { trigger, type: 'market', timeInForce: 'IOC' });
    return market;
  }

  it('keeps them, what they wait for, and the price they are compared with', () => {
    const market = waitingMarket();
    const restored = restore(save(market));
    expect([...stateLines(restored.book)]).toEqual([...stateLines(market.book)]);
    expect(save(restored)).toEqual(save(market));
    const hit = (each: TestMarket): unknown[] => {
      each.rest('buy', ALICE, 79, 1);
      return [...each.sell(4, 79, 100, { timeInForce: 'IOC' }), ...each.tick(900)];
    };
    const events = hit(market);
    expect(hit(restored)).toEqual(events);
    expect(JSON.stringify(events)).toContain('triggered');
  });

  it('is refused when one of them cannot be', () => {
    const bytes = save(waitingMarket());
    // The last one written ends with its trigger, then come an empty queue, phases and moves. A
    // trigger of 80 that was reached at the last price of 90 cannot wait.
    const trigger = bytes.length - NO_MOVES - NO_PHASES - 4 - 8;
    const broken = bytes.slice();
    new DataView(broken.buffer).setFloat64(trigger, 95, true);
    expect(() => decodeSnapshot(broken)).toThrow(/reached before/);
    broken[trigger - 1] = 7;
    expect(() => decodeSnapshot(broken)).toThrow(/malformed/);
  });
});

describe('bytes that are no snapshot', () => {
  it('are refused when cut short anywhere', () => {
    const bytes = save(openMarket());
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeSnapshot(bytes.subarray(0, length))).toThrow(AssertionError);
    }
  });

  it('are refused with another version or with bytes after the end', () => {
    const bytes = save(openMarket());
    expect(() => decodeSnapshot(Uint8Array.of(99, ...bytes.subarray(1)))).toThrow(/version 99/);
    expect(() => decodeSnapshot(Uint8Array.of(...bytes, 0))).toThrow(/after its end/);
  });

  it('are refused when an order in them cannot be', () => {
    const bytes = save(openMarket());
    // Of the last order written: 87 bytes, the side at 16, the price at 17, the mode at 42. Behind
    // it are the last trade's price, no waiting orders, and no moves.
    const order = bytes.length - NO_MOVES - NO_PHASES - NONE_WAITING - 87;
    for (const [at, value] of [
      [16, 2],
      [41, 8],
      [42, 5],
    ] as const) {
      const broken = bytes.slice();
      broken[order + at] = value;
      expect(() => decodeSnapshot(broken)).toThrow(AssertionError);
    }
    const crossed = bytes.slice();
    new DataView(crossed.buffer).setFloat64(order + 17, 90, true);
    expect(() => decodeSnapshot(crossed)).toThrow(/crossed/);
    const twice = bytes.slice();
    new DataView(twice.buffer).setFloat64(order, 2, true);
    expect(() => decodeSnapshot(twice)).toThrow(/twice/);
  });
});
