// The source files of a new function: small, complete, and made to be replaced line by line. It
// doubles an amount, so that it shows parsing, a refusal, exact money and a test.

export interface SourceFile {
  /** Inside the function's folder. */
  readonly path: string;
  readonly text: string;
}

export function sourceFiles(name: string): readonly SourceFile[] {
  return [
    { path: 'README.md', text: readme(name) },
    { path: 'schema.ts', text: SCHEMA },
    { path: 'decide.ts', text: DECIDE },
    { path: 'handler.ts', text: handler(name) },
    { path: 'handler.test.ts', text: handlerTest(name) },
  ];
}

function readme(name: string): string {
  return `# ${name}

Doubles an amount. Say here in one sentence what the function is for.

- **Takes** \`POST /v1/${name}\` with \`{"amount": "1.5"}\`.
- **Gives** \`{"amount": "3"}\`.
- **Owns** no tables. The SQL of a function stands in its \`store.ts\`, in a schema of its own.
- **Errors** \`BODY_INVALID\` for what is no positive amount.
- **Limits** those of every function: 64 KiB a body, 1,024 requests in flight, 12 s a request.
- **Reached** inside the cluster only, until \`knative/base/route.yaml\` names its path and the label
  \`networking.knative.dev/visibility\` is gone from its manifest.
`;
}

const SCHEMA = `// The wire shapes.
import { z } from 'zod';
import { DECIMAL_PATTERN } from '../../shared/money/decimal.ts';

const decimal = z.string().regex(DECIMAL_PATTERN);

export const doubleBody = z.strictObject({ amount: decimal });
export type DoubleBody = z.output<typeof doubleBody>;

export const doubleAnswer = z.strictObject({ amount: decimal });
export type DoubleAnswer = z.output<typeof doubleAnswer>;
`;

const DECIDE = `// The decisions, pure: what comes in is a command and the state it needs, what goes out is an
// answer or a refusal.
import { reject, type Rejection } from '../../shared/domain/rejection.ts';
import { DECIMALS_MAX, formatDecimal, parseDecimal } from '../../shared/money/decimal.ts';
import type { DoubleAnswer, DoubleBody } from './schema.ts';

export function doubleAmount(command: DoubleBody): DoubleAnswer | Rejection {
  const amount = parseDecimal(command.amount, DECIMALS_MAX);
  if (typeof amount === 'string' || amount === 0n) {
    return reject('BODY_INVALID', 'the amount must be above zero');
  }
  return { amount: formatDecimal(amount * 2n, DECIMALS_MAX) };
}
`;

function handler(name: string): string {
  return `// Parse, decide, answer: the function as a value.
import { isRejection } from '../../shared/domain/rejection.ts';
import { defineFunction, route } from '../../shared/function/definition.ts';
import { doubleAmount } from './decide.ts';
import { doubleAnswer, doubleBody } from './schema.ts';

/** What the handlers need from outside, opened by \`connect\`: pools, clients, batchers. */
export type Deps = Readonly<Record<string, never>>;

const double = route({
  method: 'POST',
  path: '/v1/${name}',
  summary: 'Doubles an amount.',
  body: doubleBody,
  answers: { 200: doubleAnswer },
  refusals: ['BODY_INVALID'],
  handle: (request) => {
    const decided = doubleAmount(request.body);
    return Promise.resolve(isRejection(decided) ? decided : { status: 200, body: decided });
  },
});

export const definition = defineFunction<Deps>({
  name: '${name}',
  routes: [double],
  events: [],
  connect: () => Promise.resolve({}),
  close: () => Promise.resolve(),
  isReady: () => Promise.resolve(true),
});
`;
}

function handlerTest(name: string): string {
  return `// Refusals first.
import { describe, expect, it } from 'vitest';
import { callFunction } from '../../shared/function/call.ts';
import { definition } from './handler.ts';

function post(body: unknown) {
  return callFunction(definition, {}, { method: 'POST', path: '/v1/${name}', body });
}

describe('POST /v1/${name}', () => {
  it.each([{}, { amount: 1 }, { amount: '-1' }, { amount: '1e3' }, { amount: '0' }])(
    'refuses %j',
    async (body) => {
      expect(await post(body)).toMatchObject({ status: 400, body: { code: 'BODY_INVALID' } });
    },
  );

  it('refuses a field that it does not know', async () => {
    expect(await post({ amount: '1', admin: true })).toMatchObject({ status: 400 });
  });

  it('doubles an amount, exactly', async () => {
    const answer = await post({ amount: '0.000000000000000001' });
    expect(answer).toMatchObject({ status: 200, body: { amount: '0.000000000000000002' } });
  });
});
`;
}
