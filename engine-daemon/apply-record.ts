// One record of the command log -> the books: commands, the clock, markets that come and go. What
// becomes of the outcome is the caller's: the loop publishes it, a standby forgets it.
import type { Logger } from 'pino';
import { crashPoint } from '../shared/config/crash-point.ts';
import type { IncomingRecord, OutgoingRecord } from '../shared/bus/bus.ts';
import type { MarketHandedOver, MarketTakenOver } from '../shared/events/market-moves.ts';
import { readInputRecord } from './input-record.ts';
import type { MarketMoves } from './market-moves.ts';
import type { ShardBatch } from './shard-batch.ts';

export interface Applied {
  readonly commands: number;
  /** Why nothing could be done: the record goes to the dead letters. */
  readonly refusal: string | null;
  /** The state of a market that has left, for its new shard. */
  readonly leaving: readonly OutgoingRecord[];
}

export interface ApplyTarget {
  readonly batch: ShardBatch;
  readonly moves: MarketMoves;
  readonly log: Logger;
}

/** The events stay in the batch, whose owner takes or discards them. */
export function applyRecord(target: ApplyTarget, record: IncomingRecord): Applied {
  const { batch, moves } = target;
  const input = readInputRecord(record);
  switch (input.kind) {
    case 'commands': {
      const obstacle = moves.findObstacle(input.market);
      if (obstacle !== null) return refused(obstacle);
      batch.applyCommands(input.market, input.commands);
      return { ...NOTHING, commands: input.commands.length };
    }
    case 'tick':
      batch.applyTick(input.timeMs);
      return { ...NOTHING, commands: 1 };
    case 'handed_over':
      return handOver(target, input.move);
    case 'taken_over':
      return takeOver(target, input.piece);
    case 'poison':
      return refused(input.cause);
  }
}

const NOTHING: Applied = { commands: 0, refusal: null, leaving: [] };

function refused(refusal: string): Applied {
  return { ...NOTHING, refusal };
}

function handOver({ log, moves }: ApplyTarget, move: MarketHandedOver): Applied {
  const done = moves.handOver(move);
  if (done.kind === 'refused') return refused(done.cause);
  if (done.kind === 'known') return NOTHING;
  log.info({ ...move, pieces: done.records.length }, 'a market leaves the shard');
  return { ...NOTHING, leaving: done.records };
}

function takeOver({ log, moves }: ApplyTarget, piece: MarketTakenOver): Applied {
  const done = moves.takeOver(piece);
  if (done.kind === 'refused') return refused(done.cause);
  if (done.kind === 'arrived') {
    const { market, sequence, openOrders } = done.book;
    const { moveNumber, fromShard } = piece;
    crashPoint('engine.take-over.arrived');
    log.info({ market, moveNumber, fromShard, sequence, openOrders }, 'a market has moved here');
  }
  return NOTHING;
}
