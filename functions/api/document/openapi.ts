// The OpenAPI document: the routes of every function, from the zod schemas that they run with.
import { z } from 'zod';
import type { Route } from '../../../shared/function/definition.ts';
import type { FunctionFacts } from '../../../shared/function/hostable.ts';
import { ANSWER_HEADERS, answerHeaders, headerParameters } from './headers.ts';
import { propertiesOf, splitExamples, toJsonSchema, type JsonSchema } from './json-schema.ts';
import { describePolicy, SECURITY_SCHEMES } from './policy.ts';
import { PROBLEM_SCHEMA, RefusalTable } from './problems.ts';
import { statusText } from './statuses.ts';

const JSON_CONTENT_TYPE = 'application/json';
const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded';

const DESCRIPTION = [
  'Made of the schemas that the functions run with.',
  'Amounts and prices are decimal strings, times are UTC with milliseconds, ids have a prefix.',
  'No text may hold a zero character, and no field may come twice.',
  'Errors are RFC 9457 problems with a stable `code`. A path that there is not answers 404',
  '`ROUTE_NOT_FOUND`, a method that it does not have 405 `METHOD_NOT_ALLOWED` with `Allow`.',
  'What is no HTTP request at all gets 400, 408 or 431 without a body.',
  'HEAD is taken where GET is.',
].join(' ');

export function buildOpenApi(functions: readonly FunctionFacts[]): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  const refusals = new RefusalTable();
  for (const facts of functions) {
    for (const route of facts.routes) {
      const path = (paths[route.path] ??= {});
      const method = route.method.toLowerCase();
      if (method in path) throw new Error(`two functions answer ${route.method} ${route.path}`);
      path[method] = describeRoute(facts.name, route, refusals);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bourse',
      version: '1',
      summary: 'Spot exchange: markets, orders, balances.',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'Where this document is served.' }],
    tags: functions
      .filter((facts) => facts.routes.length > 0)
      .map((facts) => ({ name: facts.name })),
    paths: sortByKey(paths),
    components: {
      securitySchemes: SECURITY_SCHEMES,
      headers: ANSWER_HEADERS,
      schemas: { Problem: PROBLEM_SCHEMA },
      ...refusals.components(),
    },
  };
}

function describeRoute(name: string, route: Route<never>, refusals: RefusalTable): JsonSchema {
  return {
    operationId: operationId(route),
    tags: [name],
    summary: route.summary,
    ...describePolicy(route.policy),
    ...describeParameters(route),
    ...describeBody(route),
    responses: describeResponses(route, refusals),
  };
}

/** `GET /v1/orders/{id}` is `getOrdersById`. */
function operationId(route: Route<never>): string {
  const words = route.path
    .split('/')
    .filter((part) => !['', 'v1', '.well-known'].includes(part))
    .map((part) => (part.startsWith('{') ? `by-${part.slice(1, -1)}` : part))
    .flatMap((part) => part.split(/[-.]/));
  return [route.method.toLowerCase(), ...words.map(capitalize)].join('');
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function describeParameters(route: Route<never>): JsonSchema {
  const params = propertiesOf(route.params === undefined ? {} : toJsonSchema(route.params));
  const inPath = [...route.path.matchAll(/\{([a-zA-Z]+)\}/g)].map((match) => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: params.properties[match[1] ?? ''] ?? { type: 'string' },
  }));
  const query = propertiesOf(route.query === undefined ? {} : toJsonSchema(route.query));
  const inQuery = Object.entries(query.properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: query.required.includes(name),
    schema,
  }));
  const headers = headerParameters(route);
  const parameters = [...inPath, ...inQuery, ...headers];
  return parameters.length === 0 ? {} : { parameters };
}

function describeBody(route: Route<never>): JsonSchema {
  const described = route.body ?? route.form;
  if (described === undefined) return {};
  const type = route.body === undefined ? FORM_CONTENT_TYPE : JSON_CONTENT_TYPE;
  return { requestBody: { required: true, content: { [type]: mediaType(described) } } };
}

function mediaType(schema: z.ZodType): JsonSchema {
  const { schema: plain, examples } = splitExamples(schema);
  if (examples.length === 0) return { schema: plain };
  const named = examples.map((value, at) => [`example-${at + 1}`, { value }] as const);
  return { schema: plain, examples: Object.fromEntries(named) };
}

/** A status that a route answers with in its own way, and the host in ours, has both. */
function describeResponses(route: Route<never>, refusals: RefusalTable): JsonSchema {
  const shared = refusals.of(route);
  const own = Object.entries(route.answers).map(([status, schema]) => {
    const refusal = refusals.inlineOf(route, Number(status));
    const content = { ...answerContent(route, schema), ...refusal?.content };
    const answer = {
      description: statusText(Number(status)),
      headers: { ...answerHeaders(route.headers ?? []), ...refusal?.headers },
      ...(Object.keys(content).length === 0 ? {} : { content }),
    };
    return [status, answer] as const;
  });
  return { ...shared, ...Object.fromEntries(own) };
}

function answerContent(route: Route<never>, schema: z.ZodType): JsonSchema {
  if (schema instanceof z.ZodUndefined) return {};
  return { [route.contentType ?? JSON_CONTENT_TYPE]: mediaType(schema) };
}

function sortByKey<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
  const entries = Object.entries(record);
  return Object.fromEntries(entries.sort(([one], [two]) => (one < two ? -1 : 1)));
}
