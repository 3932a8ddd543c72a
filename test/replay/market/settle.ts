// When is the exchange done with what was sent? When no order is merely accepted any more and the
// markets' sequences have stopped moving.
import type { ExchangeApi, Trader } from '../client/exchange-api.ts';

const POLL_MS = 200;
const STILL_POLLS = 5;
const SETTLE_TIMEOUT_MS = 120_000;

/** Answers false when the exchange was still busy after two minutes. */
export async function waitUntilSettled(
  api: ExchangeApi,
  traders: readonly Trader[],
  markets: readonly string[],
): Promise<boolean> {
  const giveUpMs = performance.now() + SETTLE_TIMEOUT_MS;
  let before = '';
  let still = 0;
  while (still < STILL_POLLS) {
    if (performance.now() > giveUpMs) return false;
    const books = await Promise.all(markets.map((market) => api.getBook(market)));
    const now = books.map((book) => book.sequence).join(' ');
    still = now === before ? still + 1 : 0;
    before = now;
    if (still === STILL_POLLS && (await hasAccepted(api, traders, markets))) still = 0;
    else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

async function hasAccepted(
  api: ExchangeApi,
  traders: readonly Trader[],
  markets: readonly string[],
): Promise<boolean> {
  for (const market of markets) {
    for (const trader of traders) {
      for await (const order of api.listOrders(trader, market, 'open')) {
        if (order.status === 'accepted') return true;
      }
    }
  }
  return false;
}
