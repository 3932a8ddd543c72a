// Where a dead letter is: the one name that it has for ever.
import { TOPICS } from '../events/catalog.ts';

export const LETTERS_TOPIC = TOPICS['dead-letters'].name;

export interface Position {
  readonly partition: number;
  readonly offset: number;
}

const TEXT = /^(?:dead-letters\/)?([0-9]{1,5})@([0-9]{1,15})$/;

/** Reads `0@17` or `dead-letters/0@17`; null when it is neither. */
export function parsePosition(text: string): Position | null {
  const [, partition, offset] = TEXT.exec(text) ?? [];
  if (partition === undefined || offset === undefined) return null;
  return { partition: Number(partition), offset: Number(offset) };
}

export function formatPosition({ partition, offset }: Position): string {
  return `${partition}@${offset}`;
}
