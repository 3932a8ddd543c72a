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
