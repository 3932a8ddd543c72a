// The help of `npm run markets`, and the words of its commands for statuses.
import { MARKET_STATUSES, type MarketStatus } from '../../domain/market.ts';

export const USAGE = `npm run markets -- <command> [options]

  list                    markets with their status, version and shard
  show MARKET             configuration, limits, schedule, and what the engine has told last
  apply FILE              creates or changes the market that the JSON file describes; steps,
                          assets and fee policy of a market never change

Status, by hand. It ends an interruption; what is left of the schedule stays.

  pre-open MARKET         collects limit orders, nothing trades
  auction MARKET          collects, and tells what the auction would come to
  open MARKET             trading; a book that is crossed is uncrossed at one price (resume: same)
  limit-only MARKET       everything but market orders is taken
  post-only MARKET        nothing trades: only post-only orders, amends that do not cross, cancels
  cancel-only MARKET      only cancels and reducing amends are taken
  halt MARKET             only cancels are taken
  close MARKET            as cancel-only, and from here it can only be delisted
  delist MARKET           ends every order, for ever; only from close

Everything else keeps the status, and what is not named. NUMBER and PRICE may be "none".

  schedule MARKET STATUS@TIME ...     in place of the schedule before, such as
                                      auction@2026-03-02T08:50:00Z open@2026-03-02T09:00:00Z
  schedule MARKET --clear
  limits MARKET           --max-notional AMOUNT --max-open-orders NUMBER
                          --max-waiting-orders NUMBER --reference-max-age-ms NUMBER
                          --self-trade-modes MODE,MODE (or all)
  band MARKET             --static-price PRICE --static-bps NUMBER --dynamic-bps NUMBER
                          (or --clear)
  interruption MARKET     --move-bps NUMBER --window-ms NUMBER --halt-ms NUMBER
                          --auction-ms NUMBER (or --clear)

Between shards.

  move MARKET --to SHARD  to another engine; the market answers 503 until its orders are there.
                          Killed at any point: the same command goes on
  forward LETTER          sends the record of a dead letter that says its market had moved, such
                          as 0@17, to the shard where the market is now

  --reason TEXT   why; needed by all that changes a market, kept for ever
  --actor NAME    who; the name of your account unless given
  --help          this text

DATABASE_URL  the database, as a role that may write the schema reference
BUS_URL       the event log; the database itself unless given

Exit code: 0 done, 1 refused.`;

export const STATUS_COMMANDS: ReadonlyMap<string, MarketStatus> = new Map([
  ['pre-open', 'pre_open'],
  ['auction', 'auction'],
  ['open', 'trading'],
  ['resume', 'trading'],
  ['limit-only', 'limit_only'],
  ['post-only', 'post_only'],
  ['cancel-only', 'cancel_only'],
  ['halt', 'halted'],
  ['close', 'closing'],
  ['delist', 'delisted'],
]);

/** A status by its own name, or by the command that sets it. */
export function findStatus(word: string): MarketStatus | null {
  return STATUS_COMMANDS.get(word) ?? MARKET_STATUSES.find((status) => status === word) ?? null;
}
