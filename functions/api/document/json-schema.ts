// A zod schema as JSON Schema 2020-12, as it stands on the wire: what goes in, before transforms.
import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

export function toJsonSchema(schema: z.ZodType): JsonSchema {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    // Undefined stands for "no body" and has no schema; the caller looks for it.
    unrepresentable: 'any',
  });
  return Object.fromEntries(
    Object.entries(made).filter(([key]) => !key.startsWith('~') && key !== '$schema'),
  );
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
 * The examples of a schema, and the schema without them. Those of its parts are left out, too: they
 * are repeated in each whole.
 */
export function splitExamples(schema: JsonSchema): {
  readonly schema: JsonSchema;
  readonly examples: readonly unknown[];
} {
  const { examples } = schema;
  return {
    schema: withoutExamples(schema) as JsonSchema,
    examples: Array.isArray(examples) ? (examples as readonly unknown[]) : [],
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
