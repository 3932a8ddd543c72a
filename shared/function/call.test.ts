// The pipeline without sockets: routing, input, refusals, events.
import { describe, expect, it } from 'vitest';
import { RetryableError, TerminalError } from '../domain/failure.ts';
import { reject, type Rejection } from '../domain/rejection.ts';
import { open } from '../policy/policy.ts';
import { callFunction, deliverEvent, type CallOptions, type FunctionCall } from './call.ts';
import { route, type HandlerResponse } from './definition.ts';
import { EVENT_BYTES_MAX } from './pipeline/event-intake.ts';
import { TARGET_CHARACTERS_MAX } from './pipeline/read-address.ts';
import { Router } from './pipeline/router.ts';
import {
  SAMPLE_BODY_BYTES_MAX,
  SAMPLE_EXECUTIONS,
  sampleDeps,
  sampleFunction,
  type SampleDeps,
} from './testing/sample.ts';
import { sessionCaller } from './testing/session-caller.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

async function call(wish: FunctionCall, deps: SampleDeps = sampleDeps(), options?: CallOptions) {
  const answer = await callFunction(sampleFunction(deps), deps, wish, options);
  const code = (answer.body as { code?: string } | undefined)?.code;
  return { ...answer, code };
}

const post = (
  rawBody: string | Buffer,
  type: string | null = 'application/json',
): FunctionCall => ({
  method: 'POST',
  path: '/v1/notes',
  rawBody,
  headers: type === null ? {} : { 'content-type': type },
});

describe('a body is refused', () => {
  it.each([
    ['that is no JSON', '{"text":', 400, 'BODY_INVALID'],
    ['that is missing', '', 400, 'BODY_INVALID'],
    ['with a field twice', '{"text":"a","text":"b"}', 400, 'BODY_INVALID'],
    ['with __proto__', '{"text":"a","__proto__":{}}', 400, 'BODY_INVALID'],
    ['with an unknown field', '{"text":"a","admin":true}', 400, 'BODY_INVALID'],
    ['with a number for a text', '{"text":1}', 400, 'BODY_INVALID'],
    ['that is a list', '[]', 400, 'BODY_INVALID'],
    ['that is null', 'null', 400, 'BODY_INVALID'],
    ['that is too large', `{"text":"${'x'.repeat(SAMPLE_BODY_BYTES_MAX)}"}`, 413, 'BODY_TOO_LARGE'],
  ])('%s', async (_name, text, status, code) => {
    expect(await call(post(text))).toMatchObject({ status, code });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1'])(
    'of the type %s',
    async (type) => {
      expect(await call(post('{"text":"a"}', type))).toMatchObject({
        status: 415,
        code: 'BODY_TYPE_NOT_SUPPORTED',
      });
    },
  );

  it('without a type', async () => {
    expect(await call(post('{"text":"a"}', null))).toMatchObject({ status: 415 });
  });

  it('that is compressed', async () => {
    const wish = post('{"text":"a"}');
    const headers = { ...wish.headers, 'Content-Encoding': 'gzip' };
    expect(await call({ ...wish, headers })).toMatchObject({ status: 415 });
  });

  it('on a route that takes none', async () => {
    expect(await call({ method: 'GET', path: '/v1/notes/a', body: {} })).toMatchObject({
      status: 400,
      code: 'BODY_INVALID',
    });
  });

  it('with a pointer, a code and a sentence for each field', async () => {
    const { body } = await call(post('{"text":1,"parts":[{"price":"1e5"}],"extra":1}'));
    expect((body as { errors: unknown[] }).errors).toEqual([
      { path: '/text', code: 'FIELD_TYPE', detail: expect.any(String) as unknown },
      { path: '/parts/0/price', code: 'FIELD_FORMAT', detail: expect.any(String) as unknown },
      { path: '/extra', code: 'FIELD_UNKNOWN', detail: expect.any(String) as unknown },
    ]);
  });
});

describe('an address is refused', () => {
  it.each([
    ['an unknown path', 'GET', '/v2/notes', 404, 'ROUTE_NOT_FOUND'],
    ['a slash at the end', 'GET', '/v1/notes/a/', 404, 'ROUTE_NOT_FOUND'],
    ['an empty segment', 'GET', '/v1/notes/', 404, 'ROUTE_NOT_FOUND'],
    ['an unknown method', 'PUT', '/v1/notes', 405, 'METHOD_NOT_ALLOWED'],
    ['a broken escape', 'GET', '/v1/notes/%zz', 400, 'PATH_INVALID'],
    ['a hidden zero', 'GET', '/v1/notes/a%00', 400, 'PATH_INVALID'],
    ['a malformed parameter', 'GET', '/v1/notes/A1', 400, 'PATH_INVALID'],
    ['a whole URL', 'GET', 'http://evil.test/v1/notes/a', 400, 'PATH_INVALID'],
    [
      'an endless one',
      'GET',
      `/v1/notes/${'a'.repeat(TARGET_CHARACTERS_MAX)}`,
      400,
      'PATH_INVALID',
    ],
    ['an unknown query key', 'GET', '/v1/notes/a?x=1', 400, 'QUERY_INVALID'],
    ['a query key twice', 'GET', '/v1/notes/a?view=1&view=2', 400, 'QUERY_INVALID'],
    ['a query where none is taken', 'POST', '/v1/raw?x=1', 400, 'QUERY_INVALID'],
  ])('%s', async (_name, method, path, status, code) => {
    expect(await call({ method, path })).toMatchObject({ status, code });
  });

  it('with the methods that are there', async () => {
    expect((await call({ method: 'PUT', path: '/v1/notes/a' })).headers['allow']).toBe(
      'DELETE, GET, HEAD',
    );
  });

  it('with the methods of a literal path alone: it is no value of a parameter', async () => {
    const literal = { ...sampleFunction(sampleDeps()) };
    const routes = literal.routes.map((each) =>
      each.path === '/v1/raw' ? { ...each, path: '/v1/notes/raw' } : each,
    );
    const asked = { method: 'DELETE', path: '/v1/notes/raw' };
    const answer = await callFunction({ ...literal, routes }, sampleDeps(), asked);
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  it('when two routes could not be told apart', () => {
    const made = (path: string) =>
      route({
        method: 'GET',
        path,
        policy: open(),
        summary: '',
        answers: {},
        refusals: [],
        handle: () => Promise.resolve({ status: 204 }),
      });
    expect(() => new Router([made('/v1/{a}'), made('/v1/{b}')])).toThrow('two routes');
    expect(() => new Router([made('v1')])).toThrow('malformed');
    const router = new Router([made('/v1/{a}'), made('/v1/test')]);
    expect(router.find('GET', '/v1/test')).toMatchObject({ route: { path: '/v1/test' } });
  });
});

describe('a caller', () => {
  it('is needed on a private route', async () => {
    expect(await call({ method: 'GET', path: '/v1/me' })).toMatchObject({
      status: 401,
      code: 'TOKEN_MISSING',
      headers: { 'www-authenticate': 'Bearer' },
    });
  });

  it('is checked before the body is looked at', async () => {
    const authenticate = () => reject('TOKEN_INVALID');
    const wish = { method: 'GET', path: '/v1/me?x=1', rawBody: 'x'.repeat(100_000) };
    expect(await call(wish, sampleDeps(), { authenticate })).toMatchObject({ status: 401 });
  });

  it('reaches the handler', async () => {
    const caller = sessionCaller(7);
    const answer = await call({ method: 'GET', path: '/v1/me', caller });
    expect(answer.body).toEqual({ userId: caller.userId });
  });
});

describe('a request is answered', () => {
  it('with its own id, or with a fresh one when that is malformed', async () => {
    const own = { 'X-Request-Id': 'abc-1.2:3_4' };
    const kept = await call({ method: 'GET', path: '/v1/notes/a', headers: own });
    expect(kept.headers['x-request-id']).toBe('abc-1.2:3_4');
    for (const bad of ['a b', 'x'.repeat(65), 'a\r\nset-cookie: x', 'ä']) {
      const headers = { 'x-request-id': bad };
      const fresh = await call({ method: 'GET', path: '/v1/notes/a', headers });
      expect(fresh.headers['x-request-id']).toMatch(/^req_[0-9a-f]{24}$/);
    }
  });

  it('inside the trace of its caller, or a new one', async () => {
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    const inside = await call({ method: 'GET', path: '/v1/notes/a', headers: { traceparent } });
    const { traceparent: own } = inside.body as { traceparent: string };
    expect(own).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    expect(own).not.toBe(traceparent);
    const fresh = await call({ method: 'GET', path: '/v1/notes/a' });
    expect((fresh.body as { traceparent: string }).traceparent).not.toContain(TRACE);
  });

  it('with path and query decoded and checked', async () => {
    const answer = await call({ method: 'GET', path: '/v1/notes/a%20b%2Fc?view=x+y' });
    expect(answer).toMatchObject({ status: 200, body: { id: 'a b/c', view: 'x y' } });
    expect(answer.headers).toMatchObject({ 'x-seen': 'yes', 'cache-control': 'no-store' });
  });

  it('by the bytes as they came, where a signature needs them', async () => {
    const rawBody = Buffer.from([0xff, 0x00, 0x01]);
    const answer = await call({ method: 'POST', path: '/v1/raw', rawBody });
    expect(answer.body).toEqual({ bytes: 'ff0001' });
  });

  it('by a refusal that the route lists', async () => {
    const answer = await call({ method: 'DELETE', path: '/v1/notes/a' });
    expect(answer).toMatchObject({ status: 404, code: 'ORDER_NOT_FOUND' });
  });

  it.each([
    ['retryable', 503, 'SERVICE_UNAVAILABLE'],
    ['terminal', 500, 'INTERNAL_ERROR'],
    ['other', 500, 'INTERNAL_ERROR'],
    ['bigint', 500, 'INTERNAL_ERROR'],
  ])('with a problem when the handler throws: %s', async (kind, status, code) => {
    const answer = await call({ method: 'GET', path: `/v1/fail/${kind}` });
    expect(answer).toMatchObject({ status, code });
    expect(JSON.stringify(answer)).not.toMatch(/hunter2|stack|\.ts:/);
  });

  it('503 when it takes longer than its time', async () => {
    const deps = sampleDeps();
    let release: () => void = () => undefined;
    deps.held = new Promise((resolve) => (release = resolve));
    const wish = { method: 'POST', path: '/v1/held' };
    expect(await call(wish, deps, { requestTimeoutMs: 1 })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
    });
    release();
  });
});

describe('an event', () => {
  async function deliver(
    wish: { data?: unknown; headers?: Record<string, string>; fail?: () => Error } = {},
  ) {
    const deps = sampleDeps();
    const { fail } = wish;
    if (fail !== undefined) deps.onEvent = () => Promise.reject(fail());
    const answer = await deliverEvent(sampleFunction(deps), deps, {
      name: 'executions',
      data: wish.data ?? SAMPLE_EXECUTIONS,
      headers: wish.headers ?? {},
    });
    const code = (answer.body as { code?: string } | undefined)?.code;
    return { ...answer, code, events: deps.events };
  }

  it.each([
    ['of an unknown type', { 'ce-type': 'com.example.other.v1' }, 400, 'EVENT_TYPE_UNKNOWN'],
    ['without an id', { 'ce-id': '' }, 400, 'EVENT_INVALID'],
    ['of another spec', { 'ce-specversion': '0.3' }, 400, 'EVENT_INVALID'],
    [
      'whose data is no JSON text',
      { 'content-type': 'text/plain' },
      415,
      'BODY_TYPE_NOT_SUPPORTED',
    ],
    [
      'in a batch',
      { 'content-type': 'application/cloudevents-batch+json' },
      415,
      'BODY_TYPE_NOT_SUPPORTED',
    ],
  ])('is refused for good %s', async (_name, headers, status, code) => {
    expect(await deliver({ headers })).toMatchObject({ status, code, events: [] });
  });

  it('is refused for good when its data breaks the schema', async () => {
    const [output] = SAMPLE_EXECUTIONS.outputs;
    const data = { outputs: [{ ...output, epoch: 'one' }] };
    expect(await deliver({ data })).toMatchObject({ status: 400, code: 'EVENT_INVALID' });
  });

  it.each([
    ['422 for what can never succeed', () => new TerminalError('x'), 422, 'EVENT_REFUSED'],
    ['503 for what may succeed later', () => new RetryableError('x'), 503, 'SERVICE_UNAVAILABLE'],
    ['503 for what nobody foresaw', () => new Error('x'), 503, 'SERVICE_UNAVAILABLE'],
    [
      'the code of the cause',
      () => new RetryableError('x', { cause: reject('EVENT_CONFLICT') }),
      503,
      'EVENT_CONFLICT',
    ],
    [
      'a permanent status for a permanent failure, whatever its cause says',
      () => new TerminalError('x', { cause: reject('LEDGER_KEY_REUSED') }),
      422,
      'EVENT_REFUSED',
    ],
  ])('answers %s', async (_name, fail, status, code) => {
    expect(await deliver({ fail })).toMatchObject({ status, code });
  });

  it('is taken in binary mode, with its place in the log and its trace', async () => {
    const { status, events } = await deliver({
      headers: {
        'ce-knativekafkapartition': '3',
        'ce-knativekafkaoffset': '41',
        'ce-traceparent': `00-${TRACE}-00f067aa0ba902b7-01`,
        prefer: 'reply',
      },
    });
    expect(status).toBe(204);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      id: 'event-1',
      topicPartition: 3,
      topicOffset: 41,
      data: { outputs: [{ market: 'BTC-USD' }] },
      traceparent: expect.stringContaining(TRACE) as unknown,
    });
  });

  it('is taken without a Content-Type, which the framework answers with 500', async () => {
    const deps = sampleDeps();
    const answer = await callFunction(sampleFunction(deps), deps, {
      method: 'POST',
      path: '/events',
      rawBody: JSON.stringify(SAMPLE_EXECUTIONS),
      headers: {
        'ce-specversion': '1.0',
        'ce-type': 'dev.bourse.exchange.engine.executed.v1',
        'ce-id': '1',
        'ce-source': '/engine',
      },
    });
    expect(answer.status).toBe(204);
    expect(deps.events).toHaveLength(1);
  });

  it('is taken in structured mode, and refused when the document is no event', async () => {
    const send = async (document: object) => {
      const deps = sampleDeps();
      const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
      const wish = { method: 'POST', path: '/events', body: document, headers };
      const answer = await callFunction(sampleFunction(deps), deps, wish);
      return { status: answer.status, events: deps.events };
    };
    const event = {
      specversion: '1.0',
      type: 'dev.bourse.exchange.engine.executed.v1',
      id: 'a',
      source: '/engine',
      datacontenttype: 'application/json',
      data: SAMPLE_EXECUTIONS,
    };
    const taken = await send(event);
    expect(taken.status).toBe(204);
    expect(taken.events[0]).toMatchObject({ id: 'a', topicOffset: null });
    const encoded = Buffer.from(JSON.stringify(SAMPLE_EXECUTIONS)).toString('base64');
    expect((await send({ ...event, data: undefined, data_base64: encoded })).status).toBe(204);
    expect((await send({ ...event, id: undefined })).status).toBe(400);
    expect((await send({ hello: 'world' })).status).toBe(400);
  });

  it('may be larger than a request, but not endless', async () => {
    const deps = sampleDeps();
    const wish = { method: 'POST', path: '/events', rawBody: Buffer.alloc(EVENT_BYTES_MAX + 1) };
    expect((await callFunction(sampleFunction(deps), deps, wish)).status).toBe(413);
  });

  it('comes by POST only', async () => {
    const answer = await call({ method: 'GET', path: '/events' });
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });
});

describe('callFunction holds a route to what it documents', () => {
  const answering = (outcome: HandlerResponse | Rejection) => {
    const deps = sampleDeps();
    const definition = sampleFunction(deps);
    const routes = definition.routes.map((each) => ({
      ...each,
      handle: () => Promise.resolve(outcome),
    }));
    const wish = { method: 'POST', path: '/v1/notes', body: { text: 'a' } };
    return callFunction({ ...definition, routes }, deps, wish);
  };

  it('and refuses a status that is not listed', async () => {
    const answer = answering({ status: 200, body: { text: 'a' } });
    await expect(answer).rejects.toThrow('does not list the status 200');
  });

  it('and refuses a body that does not fit', async () => {
    const answer = answering({ status: 201, body: { text: 1 } });
    await expect(answer).rejects.toThrow('what its schema refuses');
  });

  it('and refuses a refusal that is not listed', async () => {
    const answer = answering(reject('MARKET_NOT_FOUND'));
    await expect(answer).rejects.toThrow('does not list the refusal MARKET_NOT_FOUND');
  });
});
