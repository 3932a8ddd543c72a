// What one record of the command log asks for, or why it can never be carried out. The answer
// depends on the record and its partition alone, so every engine and every replay skips the same.
import type { IncomingRecord } from '../shared/bus/bus.ts';
import type { MarketId } from '../shared/domain/ids.ts';
import { marketScale, type MarketConfig } from '../shared/domain/market.ts';
import { EVENTS } from '../shared/events/catalog.ts';
import type { MarketCommand, PlaceCommand } from '../shared/events/commands.ts';
import { decodeEvent, isDecodeFailure } from '../shared/events/envelope.ts';
import { findListFault, listOrders } from '../shared/events/order-lists.ts';
import { uniformOrder } from '../shared/events/uniform-order.ts';
import type { MarketHandedOver, MarketTakenOver } from '../shared/events/market-moves.ts';

export type InputRecord =
  | {
      readonly kind: 'commands';
      readonly market: MarketId;
      readonly commands: readonly MarketCommand[];
    }
  | { readonly kind: 'tick'; readonly timeMs: number }
  | { readonly kind: 'handed_over'; readonly move: MarketHandedOver }
  | { readonly kind: 'taken_over'; readonly piece: MarketTakenOver }
  | { readonly kind: 'poison'; readonly cause: string };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a record. A record is taken whole or not at all: one bad command in it makes it poison,
 * because its writer was broken and the rest cannot be trusted either.
 */
export function readInputRecord(record: IncomingRecord): InputRecord {
  const type = record.headers['ce_type'];
  const text = decodeText(record.value);
  if (text === null) return poison('the data is not UTF-8');
  if (type === EVENTS.clockTicked.type) {
    const tick = decodeEvent('clockTicked', type, text);
    return isDecodeFailure(tick) ? poison(tick.failed) : { kind: 'tick', timeMs: tick.timeMs };
  }
  if (type === EVENTS.marketHandedOver.type) return readHandedOver(record, text);
  if (type === EVENTS.marketTakenOver.type) return readTakenOver(record, text);
  const accepted = decodeEvent('commandsAccepted', type, text);
  if (isDecodeFailure(accepted)) return poison(accepted.failed);
  const { market, commands } = accepted;
  if (record.key !== market) {
    return poison(`the key is ${record.key ?? 'missing'}, but the data is for ${market}`);
  }
  for (const command of commands) {
    const fault = findFault(market, command);
    if (fault !== null) return poison(fault);
  }
  return { kind: 'commands', market, commands: commands.map(asUniform) };
}

/** As the core reads it fastest. */
function asUniform(command: MarketCommand): MarketCommand {
  return command.kind === 'place' ? uniformOrder(command, command) : command;
}

function readHandedOver(record: IncomingRecord, text: string): InputRecord {
  const move = decodeEvent('marketHandedOver', EVENTS.marketHandedOver.type, text);
  if (isDecodeFailure(move)) return poison(move.failed);
  const fault = findMoveFault(record, move, move.fromShard);
  return fault === null ? { kind: 'handed_over', move } : poison(fault);
}

function readTakenOver(record: IncomingRecord, text: string): InputRecord {
  const piece = decodeEvent('marketTakenOver', EVENTS.marketTakenOver.type, text);
  if (isDecodeFailure(piece)) return poison(piece.failed);
  const fault = findMoveFault(record, piece, piece.toShard);
  return fault === null ? { kind: 'taken_over', piece } : poison(fault);
}

function findMoveFault(
  record: IncomingRecord,
  { market, fromShard, toShard }: MarketHandedOver,
  itsShard: number,
): string | null {
  if (record.key !== market) return `the key is ${record.key ?? 'missing'}, not ${market}`;
  if (fromShard === toShard) return `${market} moves from shard ${fromShard} to itself`;
  if (itsShard === record.partition) return null;
  return `a record for shard ${itsShard} is in partition ${record.partition}`;
}

/** Rules that the schema cannot say. */
function findFault(market: MarketId, command: MarketCommand): string | null {
  if (command.kind === 'configure_market') return findConfigFault(market, command.config);
  if (command.kind === 'place_list') {
    const faults = listOrders(command).map(findOrderFault);
    return findListFault(command) ?? faults.find((fault) => fault !== null) ?? null;
  }
  return command.kind === 'place' ? findOrderFault(command) : null;
}

function findOrderFault(command: PlaceCommand): string | null {
  if (command.timeInForce === 'GTD' && command.expiresAtMs === null) {
    return `command ${command.number} is GTD without expiresAtMs`;
  }
  if (command.type === 'limit' && command.quoteBudgetMinor !== null) {
    return `command ${command.number} is a limit order with a quote budget`;
  }
  return null;
}

function findConfigFault(market: MarketId, config: MarketConfig): string | null {
  if (config.market !== market) {
    return `a configuration of ${config.market} is in a record of ${market}`;
  }
  if (`${config.base}-${config.quote}` !== market) {
    return `${market} is configured as ${config.base} in ${config.quote}`;
  }
  try {
    marketScale(config);
  } catch (error) {
    if (error instanceof RangeError) return `the configuration is refused: ${error.message}`;
    throw error;
  }
  return null;
}

function decodeText(value: Buffer): string | null {
  try {
    return utf8.decode(value);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function poison(cause: string): InputRecord {
  return { kind: 'poison', cause };
}
