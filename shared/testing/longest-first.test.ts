// A file that was renamed would start where it stands by size, and nobody would notice.
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LONGEST } from './longest-first.ts';

it.each(LONGEST)('%s is there to start first', (name) => {
  expect(existsSync(name)).toBe(true);
});
