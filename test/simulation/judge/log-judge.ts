// Judges both logs as they grow: every command is replayed through the naive book the moment it is
// durable, every execution compared with that (M3, M5, M7, M8, M10), every snapshot too.
import type { IncomingRecord } from '../../../shared/bus/bus.ts';
import { ExecutionCheck } from '../../audit/check-executions.ts';
import { Findings } from '../../audit/findings.ts';
import { Replay, sha256 } from '../../audit/replay.ts';
import { COMMAND_LOG, EXECUTION_LOG } from '../../audit/read-log.ts';
import type { SnapshotClaim } from '../../audit/snapshots.ts';
import type { DepthLine, Market } from '../../oracle/naive-types.ts';

const SHARD = 0;

export class LogJudge {
  readonly findings = new Findings();
  readonly replay = new Replay(this.findings);
  readonly executions = new ExecutionCheck(this.replay, this.findings, false);
  /** Records that some consumer or the engine gave up. */
  deadLetters = 0;
  snapshots = 0;
  /** State hash of each market after each record of the command log. */
  readonly #hashes: ReadonlyMap<Market, string>[] = [];
  readonly #commands: IncomingRecord[] = [];

  onAppended(record: IncomingRecord): void {
    if (record.topic === COMMAND_LOG) {
      this.replay.apply(record);
      this.#commands.push(record);
      this.#hashes.push(this.replay.stateHashes(SHARD));
    } else if (record.topic === EXECUTION_LOG) {
      this.executions.check(record);
    } else {
      this.deadLetters += 1;
      this.findings.violate('A5', 'an event was given up', { ...record.headers });
    }
  }

  /** A snapshot that got its name must be the state at its offset of this very log (M3). */
  onSnapshot(file: string, content: Buffer): void {
    const claim = JSON.parse(content.toString('utf8').split('\n', 1)[0] ?? '') as SnapshotClaim;
    const { inputOffset } = claim;
    const record = this.#commands[inputOffset];
    this.snapshots += 1;
    if (record === undefined || sha256(record.value) !== claim.inputRecordSha256) {
      this.findings.violate('M3', 'a snapshot belongs to another log', { file, inputOffset });
      return;
    }
    const claimed = new Map(claim.markets.map(({ market, stateHash }) => [market, stateHash]));
    this.compareHashes(file, claimed, this.#hashes[inputOffset] ?? new Map());
  }

  /** The books of a running engine against the replay of all of the log. */
  compareBooks(books: ReadonlyMap<string, string>): void {
    this.compareHashes('the engine', books, this.replay.stateHashes(SHARD));
  }

  /** Best prices of a market as the replay has them now. */
  bestPrices(market: Market): { readonly bid: number | null; readonly ask: number | null } {
    const depth: readonly DepthLine[] = this.replay.markets.get(market)?.book.depth() ?? [];
    const bids = depth.filter(([side]) => side === 'buy').map(([, price]) => price);
    const asks = depth.filter(([side]) => side === 'sell').map(([, price]) => price);
    return {
      bid: bids.length === 0 ? null : Math.max(...bids),
      ask: asks.length === 0 ? null : Math.min(...asks),
    };
  }

  private compareHashes(
    where: string,
    claimed: ReadonlyMap<string, string>,
    replayed: ReadonlyMap<string, string>,
  ): void {
    for (const market of new Set([...claimed.keys(), ...replayed.keys()])) {
      if (claimed.get(market) === replayed.get(market)) continue;
      const problem = 'a book is not what the log replays to';
      this.findings.violate('M3', problem, { where, market });
    }
  }
}
