// The state hash: of the documented text, and different when anything of the state is.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ALICE, TestMarket } from './core/test-market.ts';
import { hashState } from './hash.ts';

describe('hashState', () => {
  it('is SHA-256 of the documented lines', () => {
    const market = TestMarket.open();
    market.rest('buy', ALICE, 100, 5);
    const text = [
      'market BTC-USD',
      'version 1 status trading',
      'now 0',
      'sequence 2',
      'highest 2',
      'last 0 0',
      '2 1 b 100 5 5 GTC 0 cancel_taker 0 1000 2000',
      '',
    ].join('\n');
    expect(hashState(market.book)).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('tells two queues apart that hold the same orders in another order', () => {
    const hashes = [
      [2, 3],
      [3, 2],
    ].map((numbers) => {
      const market = TestMarket.open();
      for (const number of numbers) market.rest('buy', ALICE, 100, 5, { number });
      return hashState(market.book);
    });
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  it('is the same for a book of thousands of orders however the text is fed', () => {
    const market = TestMarket.open();
    const lines: string[] = [
      'market BTC-USD',
      'version 1 status trading',
      'now 0',
      'sequence 2501',
      'highest 2501',
      'last 0 0',
    ];
    for (let at = 0; at < 2_500; at += 1) {
      const number = at + 2;
      market.book.apply(market.placeCommand({ number, priceTicks: 5_000 - at }));
      lines.push(`${number} 1 b ${5_000 - at} 10 10 GTC 0 cancel_taker 0 1000 2000`);
    }
    const text = lines.map((line) => `${line}\n`).join('');
    expect(hashState(market.book)).toBe(createHash('sha256').update(text).digest('hex'));
  });
});
