// What kind of order a command places.
import type { PlaceCommand } from '../../shared/events/commands.ts';

/** True when what is left of the order after matching rests on the book. */
export function canRest({ timeInForce, type }: PlaceCommand): boolean {
  return type === 'limit' && (timeInForce === 'GTC' || timeInForce === 'GTD');
}

/** What an iceberg shows at a time; 0 for any other order. */
export function displayLotsOf(command: PlaceCommand): number {
  const { displayLots, quantityLots } = command;
  if (displayLots === undefined || displayLots >= quantityLots) return 0;
  return canRest(command) ? displayLots : 0;
}
