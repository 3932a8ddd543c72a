// Where the exchange sends the commands of a market against where its book is: on any other shard
// they would be accepted and never done (M1). Judged at rest only: to read the markets holds up who
// would move one.
import type pg from 'pg';
import type { Market } from '../oracle/naive-types.ts';
import { readAll } from './database.ts';
import type { Findings } from './findings.ts';
import type { Replay } from './replay.ts';

interface MarketRow {
  readonly market: Market;
  readonly shard: number;
  readonly moving_to: number | null;
}

export async function checkMarkets(
  client: pg.Client,
  replay: Replay,
  findings: Findings,
): Promise<void> {
  const rows = await readAll<MarketRow>(
    client,
    'SELECT market, shard, moving_to FROM reference.markets ORDER BY market',
  );
  for (const { market, shard, moving_to: movingTo } of rows) {
    if (!replay.markets.has(market)) continue;
    const bookIsOn = replay.shardOf(market);
    // Once all of its state is in the log the market may still be closed for a moment.
    const isRight = bookIsOn === shard || (movingTo !== null && bookIsOn === movingTo);
    if (isRight) continue;
    const row = { market, shard, movingTo, bookIsOn };
    findings.violate('M1', 'commands are sent to a shard where the market is not', row);
  }
}
