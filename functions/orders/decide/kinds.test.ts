// Icebergs, trailing stops and day orders: which are refused, and what the others lock and say.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejection } from '../../../shared/domain/rejection.ts';
import { TRAIL_BPS_MAX } from '../../../shared/domain/order.ts';
import { placeOrderBody, type PlaceOrderBody } from '../schema.ts';
import { CONFIG, termsWith } from '../terms-fixture.ts';
import { decideAmend, type ChangeableOrder } from './change.ts';
import { nextMidnightMs } from './check-shape.ts';
import { acceptedRow, decidePlace, placeCommand } from './place.ts';
import { needsBestPrices, sizeOrder, type MarketTerms } from './size.ts';

const NOW_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const LIMIT = { type: 'limit', price: '30000', quantity: '1' } as const;
const TRAIL = { type: 'trailing_stop', trailBps: 100 } as const;
const MARKET = { type: 'market', quantity: '1', trigger: TRAIL } as const;

type Change = Partial<PlaceOrderBody>;

function bodyOf(change: Change): PlaceOrderBody {
  return { market: 'BTC-USD', side: 'buy', type: 'limit', ...change };
}

function size(change: Change, terms = termsWith(), nowMs = NOW_MS) {
  return sizeOrder(bodyOf(change), terms, nowMs);
}

function accept(change: Change, terms: MarketTerms = termsWith()) {
  const sized = size(change, terms);
  if (isRejection(sized)) throw new Error(sized.detail);
  const state = { openOrders: 0, openOrdersMax: 9, nowMs: NOW_MS, availableMinor: 10n ** 20n };
  const names = { userNumber: 1, orderNumber: 7 };
  const order = decidePlace(bodyOf(change), sized, terms, state, names);
  if (isRejection(order)) throw new Error(order.detail);
  return { command: placeCommand(order), row: acceptedRow(order).order };
}

describe('an iceberg', () => {
  const shows = (displayQuantity: string, change: Change = {}) =>
    size({ ...LIMIT, displayQuantity, ...change });

  it.each<[string, string, Change, string]>([
    ['off the lot', '0.00001', {}, 'ORDER_DISPLAY_QUANTITY_OFF_LOT'],
    ['that shows nothing', '0', {}, 'ORDER_DISPLAY_QUANTITY_TOO_SMALL'],
    ['of 101 parts', '0.0099', {}, 'ORDER_DISPLAY_QUANTITY_TOO_SMALL'],
    ['that shows more than it is', '1.0001', {}, 'ORDER_DISPLAY_QUANTITY_TOO_LARGE'],
    ['that shows more than there is', '9'.repeat(20), {}, 'ORDER_DISPLAY_QUANTITY_TOO_LARGE'],
    ['IOC', '0.5', { timeInForce: 'IOC' }, 'ORDER_DISPLAY_QUANTITY_NOT_ALLOWED'],
    ['FOK', '0.5', { timeInForce: 'FOK' }, 'ORDER_DISPLAY_QUANTITY_NOT_ALLOWED'],
  ])('is refused %s', (_name, displayQuantity, change, code) => {
    expect(shows(displayQuantity, change)).toMatchObject({ code });
  });

  it('is no market order', () => {
    const market = { type: 'market', quantity: '1', displayQuantity: '0.5' } as const;
    expect(size(market)).toMatchObject({ code: 'ORDER_DISPLAY_QUANTITY_NOT_ALLOWED' });
  });

  it('is refused below the least quantity of the market', () => {
    const terms = termsWith({ config: { ...CONFIG, minQuantity: '0.1' } });
    const change = { ...LIMIT, displayQuantity: '0.0999' };
    expect(size(change, terms)).toMatchObject({ code: 'ORDER_DISPLAY_QUANTITY_TOO_SMALL' });
    expect(size({ ...change, displayQuantity: '0.1' }, terms)).toMatchObject({
      displayLots: 1_000,
    });
  });

  it('may have a hundred parts, and rest in every way that an order can', () => {
    expect(shows('0.01')).toMatchObject({ displayLots: 100, quantityLots: 10_000 });
    const expiresAt = new Date(NOW_MS + 1).toISOString();
    const ways: Change[] = [
      { timeInForce: 'GTC', postOnly: true },
      { timeInForce: 'GTD', expiresAt },
      { timeInForce: 'DAY' },
      { trigger: { type: 'stop_loss', price: '30000' } },
    ];
    for (const way of ways) expect(shows('0.5', way)).toMatchObject({ displayLots: 5_000 });
  });

  it('locks all of itself, and tells the engine what it shows', () => {
    const { command, row } = accept({ ...LIMIT, displayQuantity: '0.5' });
    expect(command).toMatchObject({ displayLots: 5_000, holdMinor: '30000000000' });
    expect(row).toMatchObject({ displayLots: 5_000 });
  });

  it('that shows all of itself is a plain order', () => {
    const { command, row } = accept({ ...LIMIT, displayQuantity: '1' });
    expect(command).toEqual(accept(LIMIT).command);
    expect(command).not.toHaveProperty('displayLots');
    expect(row.displayLots).toBeNull();
  });

  it('may not grow beyond its hundred parts by an amend, but shrink', () => {
    const order: ChangeableOrder = {
      orderNumber: 7,
      userNumber: 1,
      market: 'BTC-USD',
      side: 'sell',
      type: 'limit',
      timeInForce: 'GTC',
      status: 'open',
      priceTicks: 3_000_000,
      quantityLots: 10_000,
      remainingLots: 10_000,
      displayLots: 100,
      makerFeePpm: 0,
      takerFeePpm: 0,
      isPair: false,
      pegTo: null,
      amendPending: false,
    };
    const amend = (quantity: string) => decideAmend(order, { quantity }, termsWith());
    expect(amend('1.0001')).toMatchObject({ code: 'ORDER_DISPLAY_QUANTITY_TOO_SMALL' });
    expect(amend('1')).toMatchObject({ quantityLots: 10_000 });
    expect(amend('0.001')).toMatchObject({ quantityLots: 10 });
  });
});

describe('a trailing stop', () => {
  it.each<[string, Change, string]>([
    ['with a limit', { ...LIMIT, trigger: TRAIL }, 'ORDER_TRIGGER_NOT_ALLOWED'],
    [
      'by quote amount',
      { type: 'market', quoteAmount: '1', trigger: TRAIL },
      'ORDER_QUOTE_AMOUNT_NOT_ALLOWED',
    ],
    [
      'with an activation price off the tick',
      { ...MARKET, trigger: { ...TRAIL, activationPrice: '0.001' } },
      'ORDER_TRIGGER_PRICE_OFF_TICK',
    ],
    [
      'with an activation price of nothing',
      { ...MARKET, trigger: { ...TRAIL, activationPrice: '0' } },
      'ORDER_PRICE_OUT_OF_BAND',
    ],
    [
      'with an activation price beyond everything',
      { ...MARKET, trigger: { ...TRAIL, activationPrice: '9'.repeat(20) } },
      'ORDER_PRICE_OUT_OF_BAND',
    ],
    ['that could rest', { ...MARKET, timeInForce: 'GTC' }, 'ORDER_TIME_IN_FORCE_NOT_ALLOWED'],
    ['that is a day order', { ...MARKET, timeInForce: 'DAY' }, 'ORDER_TIME_IN_FORCE_NOT_ALLOWED'],
    ['of nearly nothing', { ...MARKET, quantity: '0' }, 'ORDER_QUANTITY_TOO_SMALL'],
  ])('is refused %s', (_name, change, code) => {
    expect(size(change)).toMatchObject({ code });
  });

  it.each([0, -1, 1.5, TRAIL_BPS_MAX + 1, '100', '0x10', '１２', null])(
    'has a malformed distance with %j',
    (trailBps) => {
      const body = { ...bodyOf(MARKET), trigger: { ...TRAIL, trailBps } };
      expect(placeOrderBody.safeParse(body).success).toBe(false);
    },
  );

  it.each(['0x10', '１２', '-1', '+1', '1e5', '1'.repeat(40), '01', ''])(
    'has a malformed activation price with %j',
    (activationPrice) => {
      const body = { ...bodyOf(MARKET), trigger: { ...TRAIL, activationPrice } };
      expect(placeOrderBody.safeParse(body).success).toBe(false);
    },
  );

  it('of a buy is refused while the book shows nothing to size it by', () => {
    const empty = termsWith({ bestAskTicks: null });
    expect(size(MARKET, empty)).toMatchObject({ code: 'ORDER_TRIGGER_REFERENCE_NONE' });
    const activated = { ...MARKET, trigger: { ...TRAIL, activationPrice: '1' } };
    expect(size(activated, empty)).toMatchObject({ code: 'ORDER_TRIGGER_REFERENCE_NONE' });
  });

  it('of a sell locks what it sells, whatever the book shows', () => {
    const empty = termsWith({ bestBidTicks: null, bestAskTicks: null });
    expect(size({ ...MARKET, side: 'sell' }, empty)).toMatchObject({
      priceTicks: 1,
      hold: { asset: 'BTC', amountMinor: 100_000_000n },
    });
  });

  it('of a buy locks its worst price: where it begins, the distance, the protection', () => {
    // 30,000 x 1.01 x 1.05
    expect(size(MARKET)).toMatchObject({
      priceTicks: 3_181_500,
      hold: { asset: 'USD', amountMinor: 31_815_000_000n },
    });
  });

  it('of a buy begins at the activation price if that is the higher', () => {
    const from = (activationPrice: string) =>
      size({ ...MARKET, trigger: { ...TRAIL, activationPrice } });
    expect(from('29999.99')).toMatchObject({ priceTicks: 3_181_500 });
    expect(from('40000')).toMatchObject({ priceTicks: 4_242_000 });
  });

  it('rounds the worst price up once, and keeps it inside the band', () => {
    const drawn = fc.record({
      ask: fc.integer({ min: 1, max: 99_000_000 }),
      trailBps: fc.integer({ min: 1, max: TRAIL_BPS_MAX }),
      protectionBps: fc.integer({ min: 1, max: 9_999 }),
    });
    fc.assert(
      fc.property(drawn, ({ ask, trailBps, protectionBps }) => {
        const config = { ...CONFIG, protectionBps, minNotional: '0' };
        const terms = termsWith({ config, bestAskTicks: ask });
        const sized = size({ ...MARKET, trigger: { ...TRAIL, trailBps } }, terms);
        if (isRejection(sized)) throw new Error(sized.detail);
        const product = BigInt(ask) * BigInt(10_000 + trailBps) * BigInt(10_000 + protectionBps);
        const exact = product / 100_000_000n;
        const up = exact * 100_000_000n === product ? exact : exact + 1n;
        expect(BigInt(sized.priceTicks)).toBe(up > 100_000_000n ? 100_000_000n : up);
      }),
    );
  });

  it('needs the best prices, and enters the log with its distance', () => {
    expect(needsBestPrices({ type: 'market', trigger: TRAIL })).toBe(true);
    const plain = accept(MARKET);
    expect(plain.command.trigger).toEqual({ kind: 'trailing_stop', trailBps: 100 });
    const { command, row } = accept({ ...MARKET, trigger: { ...TRAIL, activationPrice: '31000' } });
    const activationPriceTicks = 3_100_000;
    expect(command.trigger).toMatchObject({ trailBps: 100, activationPriceTicks });
    expect(row).toMatchObject({
      triggerKind: 'trailing_stop',
      triggerPriceTicks: null,
      trailBps: 100,
      activationPriceTicks,
    });
  });
});

describe('a day order', () => {
  const day = { ...LIMIT, timeInForce: 'DAY' } as const;
  const midnight = Math.ceil(NOW_MS / DAY_MS) * DAY_MS;

  it('is refused with an expiry of its own, or as a market order', () => {
    const expiresAt = new Date(midnight).toISOString();
    expect(size({ ...day, expiresAt })).toMatchObject({ code: 'ORDER_EXPIRY_NOT_ALLOWED' });
    const market = { type: 'market', quantity: '1', timeInForce: 'DAY' } as const;
    expect(size(market)).toMatchObject({ code: 'ORDER_TIME_IN_FORCE_NOT_ALLOWED' });
  });

  it('is for the engine a GTD that expires at the next midnight, and shows as what it is', () => {
    const { command, row } = accept(day);
    expect(command).toMatchObject({ timeInForce: 'GTD', expiresAtMs: midnight });
    expect(row).toMatchObject({ timeInForce: 'GTD', isDay: true, expiresAtMs: midnight });
    expect(accept(LIMIT).row.isDay).toBe(false);
  });

  it('ends at the midnight after it, never at the one that it is accepted at', () => {
    expect(nextMidnightMs(midnight - 1)).toBe(midnight);
    expect(nextMidnightMs(midnight)).toBe(midnight + DAY_MS);
    expect(nextMidnightMs(midnight + 1)).toBe(midnight + DAY_MS);
    expect(new Date(nextMidnightMs(NOW_MS)).toISOString()).toBe('2023-11-15T00:00:00.000Z');
  });

  it('may be post-only', () => {
    expect(isRejection(size({ ...day, postOnly: true }))).toBe(false);
  });
});
