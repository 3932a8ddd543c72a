// The host with a route that needs a step-up: it asks the database, over connections of its own.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { manages } from '../../policy/policy.ts';
import { drawSecret, hashSecret } from '../../secrets/token.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { defineFunction, route } from '../definition.ts';
import { hostFunction, type HostedFunction } from '../host.ts';
import { codeOf, send } from '../testing/raw-http.ts';
import {
  makeKey,
  signToken,
  startIssuer,
  TEST_AUDIENCE,
  TEST_ISSUER,
  type TestIssuer,
} from '../testing/token-issuer.ts';
import { hashAction } from './step-up.ts';

const USER = 1;
const PATH = '/v1/funds?to=a';

const definition = defineFunction<null>({
  name: 'step-up-sample',
  routes: [
    route({
      method: 'POST',
      path: '/v1/funds',
      policy: manages({ stepUp: true }),
      summary: 'Moves funds.',
      query: z.strictObject({ to: z.string() }),
      answers: { 200: z.strictObject({ done: z.boolean() }) },
      refusals: [],
      handle: () => Promise.resolve({ status: 200, body: { done: true } }),
    }),
  ],
  events: [],
  connect: () => Promise.resolve(null),
  close: () => Promise.resolve(),
  isReady: () => Promise.resolve(true),
});

let database: TestDatabase;
let issuer: TestIssuer;
let hosted: HostedFunction;
let token: string;
beforeAll(async () => {
  database = await createTestDatabase();
  const key = await makeKey('key-1');
  issuer = await startIssuer([key.publicJwk]);
  token = await signToken(key);
  await database.pool.query(
    `INSERT INTO auth.sessions (user_number, token_hash, amr, authenticated_at, created_at,
       last_used_at, expires_at)
     VALUES ($1, $2, '{pwd}', now(), now(), now(), now() + interval '1 h')`,
    [USER, hashSecret('a session')],
  );
  hosted = await hostFunction(definition, {
    log: silentLogger(),
    port: 0,
    hostname: '127.0.0.1',
    environment: {
      AUTH_JWKS_URL: issuer.jwksUrl,
      AUTH_ISSUER: TEST_ISSUER,
      AUTH_AUDIENCE: TEST_AUDIENCE,
      DATABASE_URL: database.urlFor('bourse_fees'),
    },
  });
  // Nobody is believed before it is known who was revoked.
  await vi.waitUntil(async () => (await send(hosted.port, { path: '/readyz' })).status === 200, {
    timeout: 10_000,
  });
});
afterAll(async () => {
  await hosted.stop(1_000);
  await issuer.close();
  await database.drop();
});

function ask(stepUp?: string, path = PATH, body = 'x') {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(stepUp === undefined ? {} : { 'step-up': stepUp }),
  };
  return send(hosted.port, { method: 'POST', path, headers }, Buffer.from(body));
}

async function newStepUp(): Promise<string> {
  const secret = drawSecret('bsu');
  const bodySha256 = createHash('sha256').update('x').digest('hex');
  await database.pool.query(
    `INSERT INTO auth.step_ups (step_up_hash, user_number, session_number, action_hash, expires_at)
     VALUES ($1, $2, 1, $3, now() + interval '5 min')`,
    [hashSecret(secret), USER, hashAction({ method: 'POST', path: PATH, bodySha256 })],
  );
  return secret;
}

describe('T19 a hosted route with step-up', () => {
  it('refuses without one, and with one for other bytes or another query', async () => {
    expect(codeOf(await ask())).toBe('STEP_UP_REQUIRED');
    const stepUp = await newStepUp();
    expect(codeOf(await ask(stepUp, PATH, 'y'))).toBe('STEP_UP_INVALID');
    expect(codeOf(await ask(stepUp, '/v1/funds?to=b'))).toBe('STEP_UP_INVALID');
    expect((await ask(stepUp)).status).toBe(200);
  });

  it('takes one once, of twenty requests at once', async () => {
    const stepUp = await newStepUp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(stepUp)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(19);
  });
});
