// T24, C24, C25: fields that a caller must not set, put into the body of each route that has one,
// and values of types that are not asked for: refused with 400, and nothing is changed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRecord, readJson } from './answers.ts';
import { admittedBy } from './callers.ts';
import { openMatrixExchange, ROUTES, type AnyRoute, type MatrixExchange } from './exchange.ts';
import { bodyFields, bodyOf, isPlainBody, pathOf } from './requests.ts';

const WITH_BODY = ROUTES.filter(([, , route]) => route.body !== undefined);

/** As they stand in the text of the body. */
const INJECTED: readonly (readonly [name: string, value: string])[] = [
  ['role', '"admin"'],
  ['userId', '"usr_0000000000000002"'],
  ['status', '"active"'],
  ['balance', '"1000000"'],
  ['isAdmin', 'true'],
  ['scopes', '["read","trade","withdraw"]'],
  ['__proto__', '{"role":"admin"}'],
  ['constructor', '{"role":"admin"}'],
  ['constructor', '{"prototype":{"role":"admin"}}'],
  ['prototype', '{"role":"admin"}'],
];

/** For any field: none of them takes these. */
const WRONG_VALUES = ['1e9999', '-1e9999', '{"$gt":""}', '[[[]]]', '{"__proto__":{}}'];

let exchange: MatrixExchange;
let before: string;
beforeAll(async () => {
  exchange = await openMatrixExchange();
  before = await stateOf();
});
afterAll(() => exchange.close());

/** A hash of every row of ours: what nobody was allowed to change has not changed. */
async function stateOf(): Promise<string> {
  const { pool } = exchange.database;
  const tables = await pool.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'log') ORDER BY 1`,
  );
  const hashes: string[] = [];
  for (const { name } of tables.rows) {
    const found = await pool.query<{ hash: string | null }>(
      `SELECT md5(string_agg(each::text, ',' ORDER BY each::text)) AS hash FROM ${name} AS each`,
    );
    hashes.push(`${name} ${found.rows[0]?.hash ?? ''}`);
  }
  return hashes.join('\n');
}

async function ask(route: AnyRoute, text: string) {
  const { headers } = exchange.callers.get(admittedBy(route.policy));
  const answer = await exchange.send(route, pathOf(route), headers, text);
  const body = readJson(answer);
  const code = isRecord(body) ? body['code'] : undefined;
  const errors =
    isRecord(body) && Array.isArray(body['errors']) ? (body['errors'] as unknown[]) : [];
  const paths = errors.filter(isRecord).map((each) => each['path']);
  return { status: answer.status, code, paths, text: answer.text };
}

function textWith(body: Readonly<Record<string, unknown>>, name: string, value: string): string {
  const fields = Object.entries(body).map(
    ([field, own]) => `${JSON.stringify(field)}:${JSON.stringify(own)}`,
  );
  return `{${[...fields, `${JSON.stringify(name)}:${value}`].join(',')}}`;
}

/** With a step-up missing, that may be what is said. */
function expectRefused(route: AnyRoute, { status, code }: { status: number; code: unknown }) {
  if (route.policy.stepUp && code === 'STEP_UP_REQUIRED') return;
  expect([status, code]).toEqual([400, 'BODY_INVALID']);
}

describe('T24 fields that nobody asked for', () => {
  it.each(WITH_BODY)('%s', async (_name, _owner, route) => {
    const body = bodyOf(route);
    const known = bodyFields(route);
    for (const [name, value] of INJECTED.filter(([each]) => !known.has(each))) {
      const answer = await ask(route, textWith(body, name, value));
      expectRefused(route, answer);
      const isSaid =
        isPlainBody(route) && !/prototype|__/.test(name + value) && answer.status === 400;
      if (isSaid) expect(answer.text).toContain(name);
      if (isSaid && answer.paths.length > 0) expect(answer.paths).toContain(`/${name}`);
    }
  });

  it('change nothing', async () => {
    expect(await stateOf()).toBe(before);
  });
});

describe('C25 values of other types than asked for', () => {
  it.each(WITH_BODY)('%s', async (_name, _owner, route) => {
    const body = bodyOf(route);
    for (const name of bodyFields(route)) {
      const others = Object.fromEntries(Object.entries(body).filter(([each]) => each !== name));
      for (const value of WRONG_VALUES) {
        const answer = await ask(route, textWith(others, name, value));
        expectRefused(route, answer);
      }
    }
    for (const whole of ['[]', 'null', '1', '"a"', '{"a":1,"a":1}', '{', '']) {
      expect((await ask(route, whole)).status).toEqual(
        route.policy.stepUp ? expect.any(Number) : 400,
      );
    }
  });

  it('change nothing', async () => {
    expect(await stateOf()).toBe(before);
  });
});
