// A JSON Schema as rows of a table: each field with its type, its limits and whether it must be
// there.
import type { JsonSchema } from '../document/json-schema.ts';

export interface Field {
  /** Such as `orders[].price`. */
  readonly name: string;
  readonly type: string;
  readonly limits: string;
  readonly required: boolean;
}

/** Deeper than anything that we answer. */
const DEPTH_MAX = 8;

export function fieldsOf(schema: JsonSchema, prefix = '', depth = 0): readonly Field[] {
  if (depth > DEPTH_MAX) return [];
  const { properties, items } = schema as {
    properties?: Record<string, JsonSchema>;
    /** False after the parts of a tuple. */
    items?: JsonSchema | false;
  };
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const own = Object.entries(properties ?? {}).flatMap(([name, each]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [
      { name: path, type: typeOf(each), limits: limitsOf(each), required: required.has(name) },
      ...fieldsOf(each, path, depth + 1),
    ];
  });
  const ofItems = typeof items === 'object' ? fieldsOf(items, `${prefix}[]`, depth + 1) : [];
  return unique([...own, ...ofItems, ...fieldsOfParts(schema, prefix, depth)]);
}

/** What only some of the alternatives have need not be there. */
function fieldsOfParts(schema: JsonSchema, prefix: string, depth: number): readonly Field[] {
  const parts = partsOf(schema).map((part) => fieldsOf(part, prefix, depth + 1));
  const inAll = (name: string): boolean =>
    'allOf' in schema || parts.every((fields) => fields.some((field) => field.name === name));
  return parts.flat().map((field) => ({ ...field, required: field.required && inAll(field.name) }));
}

/** Fields that several shapes have are one row, and need not be there unless each needs them. */
function unique(fields: readonly Field[]): readonly Field[] {
  const byName = new Map<string, Field>();
  for (const field of fields) {
    const known = byName.get(field.name);
    byName.set(field.name, known === undefined ? field : both(known, field));
  }
  return [...byName.values()];
}

function both(one: Field, other: Field): Field {
  return {
    name: one.name,
    type: either(one.type, other.type, ' or '),
    limits: either(one.limits, other.limits, '; or '),
    required: one.required && other.required,
  };
}

function either(one: string, other: string, between: string): string {
  return one === other || other === '' ? one : one === '' ? other : one + between + other;
}

function partsOf(schema: JsonSchema): readonly JsonSchema[] {
  const parts = schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf'];
  return Array.isArray(parts) ? (parts as JsonSchema[]) : [];
}

export function typeOf(schema: JsonSchema): string {
  const { type } = schema;
  const parts = partsOf(schema);
  if (parts.length > 0) return [...new Set(parts.map(typeOf))].join(' or ');
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (type === 'array') return arrayTypeOf(schema);
  if (Array.isArray(type)) return type.join(' or ');
  return typeof type === 'string' ? type : Array.isArray(schema['enum']) ? 'string' : 'any';
}

function arrayTypeOf({ items, prefixItems }: JsonSchema): string {
  if (Array.isArray(prefixItems))
    return `[${(prefixItems as JsonSchema[]).map(typeOf).join(', ')}]`;
  return `array of ${typeOf((items ?? {}) as JsonSchema)}`;
}

export function limitsOf(schema: JsonSchema): string {
  const of = (name: string): string | null => {
    const value = schema[name];
    return typeof value === 'number' || typeof value === 'string' ? String(value) : null;
  };
  const text = (name: string, words: (value: string) => string): string[] => {
    const value = of(name);
    return value === null || Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER
      ? []
      : [words(value)];
  };
  const values = schema['enum'];
  const own = [
    ...(Array.isArray(values) ? [values.map((value) => JSON.stringify(value)).join(', ')] : []),
    ...text('format', (value) => value),
    ...(of('format') === null ? text('pattern', (value) => value) : []),
    ...text('minLength', (value) => `at least ${value} characters`),
    ...text('maxLength', (value) => `at most ${value} characters`),
    ...text('minimum', (value) => `at least ${value}`),
    ...text('maximum', (value) => `at most ${value}`),
    ...text('minItems', (value) => `at least ${value} items`),
    ...text('maxItems', (value) => `at most ${value} items`),
    ...text('default', (value) => `default ${value}`),
    ...text('description', (value) => value),
  ];
  const items = typeof schema['items'] === 'object' ? limitsOf(schema['items'] as JsonSchema) : '';
  const parts = [...new Set(partsOf(schema).map(limitsOf))].filter((each) => each !== '');
  return [...own, ...(items === '' ? [] : [`each: ${items}`]), ...parts].join('; ');
}
