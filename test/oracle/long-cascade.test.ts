// A cascade of more turns than one step has, in the engine and in the naive book. Too long for
// commands that are drawn.
import { expect, test } from 'vitest';
import { EngineSubject } from './engine-subject.ts';
import { variantOf } from './market-variants.ts';
import { NaiveShard } from './naive-shard.ts';
import { CASCADE_MAX } from './naive-queue.ts';
import type { MarketCommand, Place } from './naive-types.ts';

const MARKET = 'BTC-USD';
const [SELLER, MAKER, OTHER] = [1, 2, 3];
const PLACE = {
  kind: 'place',
  timeMs: 1,
  userNumber: SELLER,
  side: 'sell',
  type: 'limit',
  timeInForce: 'GTC',
  postOnly: false,
  selfTradePrevention: 'cancel_taker',
  priceTicks: 100,
  quantityLots: 10,
  quoteBudgetMinor: null,
  expiresAtMs: null,
  makerFeePpm: 0,
  takerFeePpm: 0,
  holdMinor: '1000000000',
} as const satisfies Omit<Place, 'number'>;

function* commands(): Generator<MarketCommand> {
  let number = 1;
  const place = (words: Partial<Place>): Place => {
    number += 1;
    return { ...PLACE, ...words, number };
  };
  const config = variantOf(MARKET, 0, 1);
  yield { kind: 'configure_market', number, timeMs: 1, config, status: 'trading' };
  yield place({ userNumber: MAKER });
  yield place({ userNumber: OTHER, side: 'buy' });
  const trigger = { kind: 'stop_loss', priceTicks: 95 } as const;
  const stop = { type: 'market', timeInForce: 'IOC', priceTicks: 1, trigger } as const;
  for (let left = CASCADE_MAX + 2; left > 0; left -= 1) yield place(stop);
  yield place({ userNumber: MAKER, side: 'buy', priceTicks: 90 });
  yield place({ userNumber: OTHER, priceTicks: 90 });
  number += 1;
  const orderNumber = number - 3;
  yield { kind: 'cancel', number, timeMs: 1, userNumber: SELLER, orderNumber };
}

test('stands after so many turns, and goes on before the next command', () => {
  const engine = new EngineSubject();
  const oracle = new NaiveShard();
  const book = oracle.book(MARKET);
  const turns: number[] = [];
  for (const command of commands()) {
    const { events } = engine.apply(MARKET, command);
    const expected = book.apply(command);
    expect(events).toEqual(expected);
    turns.push(expected.filter(({ kind }) => kind === 'triggered').length);
    if (book.queue.length > 0) engine.restore();
  }
  expect(turns.slice(-2)).toEqual([CASCADE_MAX, 2]);
  expect(engine.stateText(MARKET)).toBe(book.stateText());
});
