// A zod schema as JSON Schema 2020-12, as it stands on the wire: what goes in, before transforms.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

export function toJsonSchema(schema: z.ZodType): JsonSchema {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    // Undefined stands for "no body" and has no schema; the caller looks for it.
    unrepresentable: 'any',
    override: ({ jsonSchema }) => fixTuple(jsonSchema),
  });
  return Object.fromEntries(
    Object.entries(made).filter(([key]) => !key.startsWith('~') && key !== '$schema'),
  );
}

/**
 * Zod leaves a tuple open: it must have all of its parts. One whose parts are alike is written as a
 * list of that length, which every reader of JSON Schema knows.
 */
function fixTuple(schema: z.core.JSONSchema.BaseSchema): void {
  const { prefixItems } = schema;
  if (prefixItems === undefined) return;
  schema.minItems = prefixItems.length;
  schema.maxItems = prefixItems.length;
  const [first] = prefixItems;
  if (first === undefined || prefixItems.some((each) => !isDeepStrictEqual(each, first))) return;
  delete schema.prefixItems;
  schema.items = first;
}

/** The properties of an object schema, and which of them must be there. */
export function propertiesOf(schema: JsonSchema): {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
} {
  const { properties, required } = schema as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
  };
  return { properties: properties ?? {}, required: required ?? [] };
}

/**
 * The examples of a schema, as they stand on the wire, and the schema without them. Those of its
 * parts are left out, too: they are repeated in each whole. Zod would keep none where a part is
 * transformed.
 */
export function splitExamples(schema: z.ZodType): {
  readonly schema: JsonSchema;
  readonly examples: readonly unknown[];
} {
  const examples = schema.meta()?.['examples'];
  return {
    schema: withoutExamples(toJsonSchema(schema)) as JsonSchema,
    examples: Array.isArray(examples) ? examples : [],
  };
}

function withoutExamples(at: unknown): unknown {
  if (Array.isArray(at)) return at.map(withoutExamples);
  if (typeof at !== 'object' || at === null) return at;
  const kept = Object.entries(at).filter(
    ([key, value]) => key !== 'examples' || !Array.isArray(value),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutExamples(value)]));
}
