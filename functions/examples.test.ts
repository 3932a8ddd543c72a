// Every body and every answer of every route has an example on the OpenAPI page, and each is one
// that the API would take, or answer.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { functions } from './main.ts';

const routes = functions.flatMap(({ facts }) => facts.routes);

const described = routes.flatMap((route) => {
  const name = `${route.method} ${route.path}`;
  const body = route.body ?? route.form;
  const answers = Object.entries(route.answers)
    .filter(([, schema]) => !(schema instanceof z.ZodUndefined))
    .map(([status, schema]) => ({ name: `${name}: ${status}`, schema }));
  return [...(body === undefined ? [] : [{ name: `${name}: body`, schema: body }]), ...answers];
});

function examplesOf(schema: z.ZodType): readonly unknown[] {
  const examples = schema.meta()?.['examples'];
  return Array.isArray(examples) ? examples : [];
}

describe('an example', () => {
  it('is there for each body and each answer', () => {
    const bare = described.filter(({ schema }) => examplesOf(schema).length === 0);
    expect(bare.map(({ name }) => name)).toEqual([]);
  });

  it.each(described)('fits its schema: $name', ({ schema }) => {
    for (const example of examplesOf(schema)) {
      expect(schema.safeParse(example).error?.issues ?? []).toEqual([]);
    }
  });
});
