// docs/api/openapi.yaml: the routes of every function, from the zod schemas they run with.
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../shared/domain/rejection.ts';
import type { Route } from '../../shared/function/definition.ts';
import type { FunctionFacts } from '../../shared/function/hostable.ts';
import { PROBLEM_CONTENT_TYPE } from '../../shared/http/problem.ts';
import {
  describePolicy,
  LIMIT_HEADER_REFS,
  LIMIT_HEADERS,
  SECURITY_SCHEMES,
} from './openapi-policy.ts';
import { propertiesOf, toJsonSchema, type JsonSchema } from './json-schema.ts';

const JSON_CONTENT_TYPE = 'application/json';
const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded';

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted; not done yet.',
  204: 'Done; nothing to say.',
  400: 'Malformed.',
  401: 'The caller is not known.',
  403: 'The caller may not do this.',
  404: 'Not there, or not yours.',
  409: 'In conflict with the present state.',
  413: 'The body is too large.',

  415: 'The body has a type that is not taken.',
  418: 'Kept out for a while; see Retry-After.',
  422: 'Understood, but refused by a rule.',
  429: 'Too many requests; see Retry-After.',
  500: 'Broken on our side.',
  503: 'Not at the moment; see Retry-After.',
};

export function buildOpenApi(functions: readonly FunctionFacts[]): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const facts of functions) {
    for (const route of facts.routes) {
      const path = (paths[route.path] ??= {});
      const method = route.method.toLowerCase();
      if (method in path) throw new Error(`two functions answer ${route.method} ${route.path}`);
      path[method] = describeRoute(facts.name, route);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bourse',
      version: '1',
      summary: 'Spot exchange: markets, orders, balances.',
      description: 'Generated from the schemas of the functions by `npm run generate`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://localhost:8080', description: 'The emulator.' }],
    tags: functions
      .filter((facts) => facts.routes.length > 0)
      .map((facts) => ({ name: facts.name })),
    paths: sortByKey(paths),
    components: {
      securitySchemes: SECURITY_SCHEMES,
      headers: LIMIT_HEADERS,
      schemas: { Problem: problemSchema() },
    },
  };
}

function describeRoute(name: string, route: Route<never>): JsonSchema {
  return {
    operationId: operationId(route),
    tags: [name],
    summary: route.summary,
    ...describePolicy(route.policy),
    ...describeParameters(route),
    ...describeBody(route),
    responses: describeResponses(route),
  };
}

/** `GET /v1/orders/{id}` is `getOrdersById`. */
function operationId(route: Route<never>): string {
  const words = route.path
    .split('/')
    .slice(2)
    .map((part) => (part.startsWith('{') ? `by-${part.slice(1, -1)}` : part))
    .flatMap((part) => part.split('-'));
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
  const parameters = [...inPath, ...inQuery];
  return parameters.length === 0 ? {} : { parameters };
}

function describeBody(route: Route<never>): JsonSchema {
  const described = route.body ?? route.form;
  if (described === undefined) return {};
  const type = route.body === undefined ? FORM_CONTENT_TYPE : JSON_CONTENT_TYPE;
  return {
    requestBody: { required: true, content: { [type]: { schema: toJsonSchema(described) } } },
  };
}

/** A status that a route answers with in its own way, and the host in ours, has both. */
function describeResponses(route: Route<never>): JsonSchema {
  const answers = describeAnswers(route);
  const refusals = describeRefusals(route);
  const both = Object.keys(answers).filter((status) => status in refusals);
  const merged = both.map((status) => {
    const content = { ...answers[status]?.content, ...refusals[status]?.content };
    return [status, { ...refusals[status], content }] as const;
  });
  return { ...answers, ...refusals, ...Object.fromEntries(merged) };
}

interface Response {
  readonly description: string;
  readonly content?: JsonSchema;
}

function describeAnswers(route: Route<never>): Readonly<Record<string, Response>> {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, schema]) => [
      status,
      {
        description: STATUS_TEXTS[Number(status)] ?? 'Answered.',
        headers: LIMIT_HEADER_REFS,
        ...answerContent(schema),
      },
    ]),
  );
}

function answerContent(schema: z.ZodType): Pick<Response, 'content'> {
  if (schema instanceof z.ZodUndefined) return {};
  return { content: { [JSON_CONTENT_TYPE]: { schema: toJsonSchema(schema) } } };
}

function describeRefusals(route: Route<never>): Readonly<Record<string, Response>> {
  const codes = new Set<ErrorCode>([...route.refusals, ...commonRefusals(route)]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERROR_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, each]) => [status, refusal(status, each)]));
}

const CALLER_REFUSALS = [
  'TOKEN_MISSING',
  'TOKEN_INVALID',
  'CALLER_NOT_ALLOWED',
  'SCOPE_MISSING',
] as const;

function isOpen(route: Route<never>): boolean {
  return route.policy.callers === 'anyone';
}

/** What the host refuses before, or instead of, the handler. */
function commonRefusals(route: Route<never>): readonly ErrorCode[] {
  return [
    ...(route.body === undefined
      ? []
      : (['BODY_INVALID', 'BODY_TOO_LARGE', 'BODY_TYPE_NOT_SUPPORTED'] as const)),
    ...(route.path.includes('{') ? (['PATH_INVALID'] as const) : []),
    'QUERY_INVALID',
    ...(isOpen(route) ? [] : CALLER_REFUSALS),
    'RATE_LIMITED',
    ...(route.policy.quota === 'cancel' ? [] : (['ADDRESS_BANNED'] as const)),
    'SERVICE_BUSY',
    'SERVICE_UNAVAILABLE',
    'INTERNAL_ERROR',
  ];
}

function refusal(status: number, codes: readonly ErrorCode[]): Response {
  const sorted = [...codes].sort();
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Problem' }],
    properties: { code: { enum: sorted } },
  };
  return {
    description: STATUS_TEXTS[status] ?? 'Refused.',
    ...(status === 429 ? { headers: LIMIT_HEADER_REFS } : {}),
    content: { [PROBLEM_CONTENT_TYPE]: { schema } },
  };
}

function problemSchema(): JsonSchema {
  const text = { type: 'string' };
  const properties = {
    type: {
      ...text,
      description: 'urn:bourse:error: and the code; quota-exceeded of IANA for RATE_LIMITED.',
    },
    title: { ...text, description: 'What the code means.' },
    status: { type: 'integer' },
    detail: { ...text, description: 'For a person; may change.' },
    instance: { ...text, description: 'The path of the request.' },
    code: { ...text, description: 'Stable for ever; see docs/errors.md.' },
    requestId: text,
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { ...text, description: 'JSON pointer.' }, code: text, detail: text },
        required: ['path', 'code', 'detail'],
      },
    },
    'violated-policies': {
      type: 'array',
      items: text,
      description: 'With 429: the allowances that are used up, as RateLimit-Policy names them.',
    },
  };
  const optional = new Set(['errors', 'violated-policies']);
  const required = Object.keys(properties).filter((name) => !optional.has(name));
  return { type: 'object', description: 'RFC 9457.', properties, required };
}

function sortByKey<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
  const entries = Object.entries(record);
  return Object.fromEntries(entries.sort(([one], [two]) => (one < two ? -1 : 1)));
}
