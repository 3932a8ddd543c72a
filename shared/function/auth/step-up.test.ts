// C10: what the host asks of a step-up before any handler runs.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { manages } from '../../policy/policy.ts';
import { drawSecret, hashSecret } from '../../secrets/token.ts';
import { callFunction, type CallOptions, type FunctionCall } from '../call.ts';
import { defineFunction, route } from '../definition.ts';
import { sessionCaller } from '../testing/session-caller.ts';
import { hashAction, type StepUpUse } from './step-up.ts';

const SECRET = drawSecret('bsu');
const ALICE = sessionCaller(1);
const BODY = '{"amount":"1"}';
let handled = 0;

function stepped(stepUp: boolean | 'with_factor', path: string) {
  return route<null, z.ZodUndefined, z.ZodType, z.ZodType>({
    method: 'POST',
    path,
    policy: manages({ stepUp }),
    summary: 'Moves funds.',
    query: z.strictObject({ to: z.string().optional() }),
    body: z.strictObject({ amount: z.string() }),
    answers: { 200: z.strictObject({ done: z.boolean() }) },
    refusals: [],
    handle: () => {
      handled += 1;
      return Promise.resolve({ status: 200, body: { done: true } });
    },
  });
}

const definition = defineFunction<null>({
  name: 'sample',
  routes: [
    stepped(true, '/v1/always'),
    stepped('with_factor', '/v1/with-factor'),
    stepped(false, '/v1/never'),
  ],
  events: [],
  connect: () => Promise.resolve(null),
  close: () => Promise.resolve(),
  isReady: () => Promise.resolve(true),
});

/** Good once, for one action of Alice's session. */
function once(path = '/v1/always?to=a', body = BODY) {
  const bodySha256 = createHash('sha256').update(body).digest('hex');
  const action = hashAction({ method: 'POST', path, bodySha256 });
  const seen: StepUpUse[] = [];
  let left = 1;
  const useStepUp = (use: StepUpUse): Promise<boolean> => {
    seen.push(use);
    const fits =
      use.hash.equals(hashSecret(SECRET)) &&
      use.userNumber === ALICE.userNumber &&
      use.credentialId === ALICE.credentialId &&
      use.action.equals(action);
    if (fits) left -= 1;
    return Promise.resolve(fits && left === 0);
  };
  return { useStepUp, seen };
}

async function outcome(call: Partial<FunctionCall>, options: CallOptions): Promise<string> {
  const before = handled;
  const { status, body } = await callFunction(
    definition,
    null,
    {
      method: 'POST',
      path: '/v1/always?to=a',
      caller: ALICE,
      headers: { 'step-up': SECRET, 'content-type': 'application/json' },
      rawBody: BODY,
      ...call,
    },
    options,
  );
  expect(handled - before).toBe(status === 200 ? 1 : 0);
  return status === 200 ? 'done' : (body as { code: string }).code;
}

const WITHOUT = { 'content-type': 'application/json' };
const withHeader = (stepUp: string) => ({ ...WITHOUT, 'step-up': stepUp });

describe('T19 a route with step-up refuses', () => {
  it('a request without one, before anything is asked', async () => {
    const { useStepUp, seen } = once();
    expect(await outcome({ headers: WITHOUT }, { useStepUp })).toBe('STEP_UP_REQUIRED');
    expect(seen).toEqual([]);
  });

  it.each([
    ['', ''],
    ['another kind of secret', drawSecret('bst')],
    ['two of them', `${SECRET}, ${SECRET}`],
    ['one that is cut', SECRET.slice(0, -1)],
  ])('%s, without asking for it', async (_name, stepUp) => {
    const { useStepUp, seen } = once();
    expect(await outcome({ headers: withHeader(stepUp) }, { useStepUp })).toBe('STEP_UP_INVALID');
    expect(seen).toEqual([]);
  });

  it.each([
    ['a body changed by one byte', { rawBody: '{"amount":"2"}' }],
    ['a body with one space more', { rawBody: '{"amount": "1"}' }],
    ['another query', { path: '/v1/always?to=b' }],
    ['the query left out', { path: '/v1/always' }],
    ['another route', { path: '/v1/with-factor?to=a' }],
    ['another user', { caller: sessionCaller(2) }],
    ['another session of the user', { caller: { ...ALICE, credentialId: 'ses_1' } }],
    ['another secret', { headers: withHeader(drawSecret('bsu')) }],
  ])('one that is for this action, with %s', async (_name, call) => {
    const { useStepUp } = once();
    expect(await outcome(call, { useStepUp })).toBe('STEP_UP_INVALID');
    expect(await outcome({}, { useStepUp })).toBe('done');
    expect(await outcome({}, { useStepUp })).toBe('STEP_UP_INVALID');
  });

  it('everything, where it cannot be checked', async () => {
    expect(await outcome({}, {})).toBe('STEP_UP_INVALID');
    expect(await outcome({ headers: WITHOUT }, {})).toBe('STEP_UP_REQUIRED');
  });
});

describe('C10 a step-up', () => {
  it('is not used up by a request that fails for another reason', async () => {
    const { useStepUp, seen } = once();
    for (const call of [
      { rawBody: '{"amount":1}' },
      { path: '/v1/always?from=a' },
      { caller: { ...ALICE, kind: 'client' } as const },
    ]) {
      expect(await outcome(call, { useStepUp })).not.toBe('done');
    }
    expect(seen).toEqual([]);
  });

  it('is not looked at by a route that needs none', async () => {
    const { useStepUp, seen } = once();
    expect(await outcome({ path: '/v1/never' }, { useStepUp })).toBe('done');
    expect(seen).toEqual([]);
  });

  it('with_factor: is asked of users who have a factor, and of all when nobody knows', async () => {
    const path = '/v1/with-factor?to=a';
    const { useStepUp } = once(path);
    const ask = (headers: Record<string, string>, has?: boolean) =>
      outcome(
        { path, headers },
        { useStepUp, ...(has === undefined ? {} : { hasFactor: () => Promise.resolve(has) }) },
      );
    expect(await ask(WITHOUT, true)).toBe('STEP_UP_REQUIRED');
    expect(await ask(WITHOUT)).toBe('STEP_UP_REQUIRED');
    expect(await ask(WITHOUT, false)).toBe('done');
    expect(await ask(withHeader(drawSecret('bsu')), false)).toBe('STEP_UP_INVALID');
    expect(await ask(withHeader(SECRET), true)).toBe('done');
    expect(await ask(withHeader(SECRET), true)).toBe('STEP_UP_INVALID');
  });

  it('is for the hash of method, path and body, by the specification', () => {
    const bodySha256 = createHash('sha256').update('').digest('hex');
    expect(hashAction({ method: 'DELETE', path: '/v1/users/me', bodySha256 })).toEqual(
      createHash('sha256').update(`DELETE\n/v1/users/me\n${bodySha256}`).digest(),
    );
  });
});
