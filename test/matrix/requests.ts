// A path and a body for any route, made from its schemas: the smallest that fits, or comes close.
import { toJsonSchema } from '../../functions/api/document/json-schema.ts';
import { propertiesOf, type JsonSchema } from '../../functions/api/document/json-schema.ts';
import type { AnyRoute } from './exchange.ts';

/** Values of all forms that path parameters have; the first that a schema takes is used. */
const CANDIDATES: readonly string[] = [
  'BTC-USD',
  ...[
    'ord',
    'lst',
    'ses',
    'key',
    'grt',
    'usr',
    'trd',
    'cli',
    'fac',
    'rev',
    'wdr',
    'ntf',
    'fct',
    'apr',
    'stf',
  ].map((prefix) => `${prefix}_0000000000000001`),
  'BTC',
  'matrix',
  '1',
  '00000000-0000-4000-8000-000000000001',
  '192.0.2.1',
];

/** The path with each parameter filled in: with what is `known` by name, if it fits. */
export function pathOf(route: AnyRoute, known: Readonly<Record<string, string>> = {}): string {
  return route.path.replaceAll(/\{([a-zA-Z]+)\}/g, (_all, name: string) => {
    const own = known[name];
    const wanted = own === undefined ? CANDIDATES : [own, ...CANDIDATES];
    return wanted.find((value) => fits(route, name, value)) ?? 'matrix';
  });
}

/** Whether the schema of the route takes a value for a parameter. */
export function fits(route: AnyRoute, name: string, value: string): boolean {
  if (route.params === undefined) return true;
  const parsed = route.params.safeParse({ [name]: value });
  if (parsed.success) return true;
  return !parsed.error.issues.some((issue) => issue.path[0] === name);
}

/** What a body must have, filled with values of the right types. */
export function bodyOf(route: AnyRoute): Record<string, unknown> {
  if (route.body === undefined) return {};
  const made = sampleOf(toJsonSchema(route.body));
  return typeof made === 'object' && made !== null && !Array.isArray(made) ? { ...made } : {};
}

/** Names that the body may have. */
export function bodyFields(route: AnyRoute): ReadonlySet<string> {
  if (route.body === undefined) return new Set();
  const schema = toJsonSchema(route.body);
  return new Set(variantsOf(schema).flatMap((each) => Object.keys(propertiesOf(each).properties)));
}

/** False where one field decides which others there may be. */
export function isPlainBody(route: AnyRoute): boolean {
  return route.body !== undefined && variantsOf(toJsonSchema(route.body)).length === 1;
}

function variantsOf(schema: JsonSchema): readonly JsonSchema[] {
  const { anyOf, oneOf } = schema as { anyOf?: JsonSchema[]; oneOf?: JsonSchema[] };
  return anyOf ?? oneOf ?? [schema];
}

function sampleOf(schema: JsonSchema): unknown {
  const [variant = schema] = variantsOf(schema);
  const {
    examples,
    enum: values,
    const: fixed,
    type,
  } = variant as {
    readonly examples?: readonly unknown[];
    readonly enum?: readonly unknown[];
    readonly const?: unknown;
    readonly type?: string;
  };
  if (examples?.[0] !== undefined) return examples[0];
  if (fixed !== undefined) return fixed;
  if (values?.[0] !== undefined) return values[0];
  switch (type) {
    case 'object': {
      const { properties, required } = propertiesOf(variant);
      return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name] ?? {})]));
    }
    case 'array':
      return [sampleOf((variant as { readonly items?: JsonSchema }).items ?? {})];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return false;
    default:
      return '1';
  }
}
