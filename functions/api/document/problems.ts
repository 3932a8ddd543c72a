// The errors of the OpenAPI page: the shape of a problem, an example of each code, and the answers
// that routes share.
import { ERROR_CODES, reject, type ErrorCode } from '../../../shared/domain/rejection.ts';
import type { Route } from '../../../shared/function/definition.ts';
import { hostRefusals, UNROUTED_REFUSALS } from '../../../shared/function/host-refusals.ts';
import { FIELD_CODES } from '../../../shared/http/field-errors.ts';
import { PROBLEM_CONTENT_TYPE, toProblem } from '../../../shared/http/problem.ts';
import type { JsonSchema } from './json-schema.ts';
import { headerRefs } from './headers.ts';
import { statusText } from './statuses.ts';

/** Node answers these by itself, before there is a request to write a problem about. */
const UNPARSED_STATUSES = [408, 431] as const;

const EXAMPLE_REQUEST = 'req_5f0d5c2b7a1e4c0f9b3d8a61';

/** Of these the fields are told, too. */
const OF_FIELDS = new Set<ErrorCode>(['BODY_INVALID', 'QUERY_INVALID', 'PATH_INVALID']);

export const PROBLEM_SCHEMA = problemSchema();

export interface Refusal {
  readonly description: string;
  readonly headers?: JsonSchema;
  readonly content?: JsonSchema;
}

/** The refusals of a route by status: references, and where codes are many, the answer itself. */
export class RefusalTable {
  readonly #shared = new Map<string, Refusal>();
  readonly #examples = new Set<ErrorCode>(UNROUTED_REFUSALS);

  constructor() {
    for (const status of UNPARSED_STATUSES) {
      this.#shared.set(nameOfUnparsed(status), {
        description: `${statusText(status)} There is no body.`,
      });
    }
    for (const code of UNROUTED_REFUSALS) this.#share([code]);
  }

  of(route: Route<never>): Readonly<Record<string, JsonSchema>> {
    const unparsed = UNPARSED_STATUSES.map((status) => [status, refTo(nameOfUnparsed(status))]);
    const listed = [...this.#byStatus(route)].map(([status, codes]) => [
      status,
      refTo(this.#share(codes)),
    ]);
    return Object.fromEntries([...unparsed, ...listed]) as Record<string, JsonSchema>;
  }

  /** The answer itself, for a status that the route answers in a way of its own, too. */
  inlineOf(route: Route<never>, status: number): Refusal | null {
    const codes = this.#byStatus(route).get(status);
    return codes === undefined ? null : describeRefusal(status, codes);
  }

  components(): { readonly responses: JsonSchema; readonly examples: JsonSchema } {
    const names = [...this.#shared.keys()].sort();
    return {
      responses: Object.fromEntries(names.map((name) => [name, this.#shared.get(name)])),
      examples: Object.fromEntries([...this.#examples].sort().map(exampleOf)),
    };
  }

  #byStatus(route: Route<never>): ReadonlyMap<number, readonly ErrorCode[]> {
    const codes = [...new Set([...hostRefusals(route), ...route.refusals])].sort();
    const byStatus = new Map<number, ErrorCode[]>();
    for (const code of codes) {
      const { status } = ERROR_CODES[code];
      byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
      this.#examples.add(code);
    }
    return byStatus;
  }

  #share(codes: readonly ErrorCode[]): string {
    const name = codes.join('.');
    const status = ERROR_CODES[codes[0] ?? 'INTERNAL_ERROR'].status;
    if (!this.#shared.has(name)) this.#shared.set(name, describeRefusal(status, codes));
    return name;
  }
}

function refTo(name: string): JsonSchema {
  return { $ref: `#/components/responses/${name}` };
}

function nameOfUnparsed(status: number): string {
  return `UNPARSED_${status}`;
}

function describeRefusal(status: number, codes: readonly ErrorCode[]): Refusal {
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Problem' }],
    properties: { status: { const: status }, code: { enum: codes } },
  };
  const examples = Object.fromEntries(
    codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
  );
  return {
    description: statusText(status),
    headers: headerRefs(headersOf(status)),
    content: { [PROBLEM_CONTENT_TYPE]: { schema, examples } },
  };
}

function headersOf(status: number): readonly string[] {
  const limits = ['RateLimit-Policy', 'RateLimit'];
  if (status === 401) return ['X-Request-Id', 'WWW-Authenticate', ...limits];
  if (status === 405) return ['X-Request-Id', 'Allow'];
  if ([418, 429, 503].includes(status)) return ['X-Request-Id', 'Retry-After', ...limits];
  return ['X-Request-Id', ...limits];
}

function exampleOf(code: ErrorCode): [string, JsonSchema] {
  const more = {
    ...(OF_FIELDS.has(code) ? { errors: [fieldExample(code)] } : {}),
    ...(code === 'RATE_LIMITED' ? { violatedPolicies: ['order'] } : {}),
  };
  const { body } = toProblem(reject(code, undefined, more), '/v1/orders', EXAMPLE_REQUEST);
  return [code, { summary: ERROR_CODES[code].meaning, value: body }];
}

function fieldExample(code: ErrorCode) {
  const path = code === 'BODY_INVALID' ? '/orders/0/price' : '/market';
  return { path, code: 'FIELD_FORMAT', detail: FIELD_CODES.FIELD_FORMAT };
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
        properties: {
          path: { ...text, description: 'JSON pointer.' },
          code: { ...text, examples: Object.keys(FIELD_CODES) },
          detail: text,
        },
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
