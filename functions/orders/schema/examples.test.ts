// Every example on the OpenAPI page is one that the API would take, or answer.
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import * as schema from '../schema.ts';
import * as lists from './order-lists.ts';

const examined = Object.entries({ ...schema, ...lists }).flatMap(([name, value]) => {
  if (typeof value !== 'object' || !('safeParse' in value)) return [];
  const examples = (value as z.ZodType).meta()?.['examples'];
  if (!Array.isArray(examples)) return [];
  return examples.map((example: unknown, at) => ({ name: `${name} ${at}`, value, example }));
});

describe('an example', () => {
  it('is there for each body and each answer that is new to a reader', () => {
    expect(new Set(examined.map(({ name }) => name.split(' ')[0])).size).toBeGreaterThanOrEqual(10);
  });

  it.each(examined)('fits its schema: $name', ({ value, example }) => {
    const parsed = (value as z.ZodType).safeParse(example);
    expect(parsed.error?.issues ?? []).toEqual([]);
  });
});
