import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { reject } from '../domain/rejection.ts';
import { describeIssues, FIELD_ERRORS_MAX } from './field-errors.ts';
import { toProblem } from './problem.ts';

describe('problem', () => {
  it('refuses to answer with a code that is no error', () => {
    expect(() => toProblem(reject('ORDER_EXPIRED'), '/v1/orders', 'req_1')).toThrow(RangeError);
  });

  it('has every field of the convention', () => {
    const errors = [{ path: '/price', code: 'FIELD_TYPE', detail: 'x' }];
    const answer = toProblem(reject('BODY_INVALID', 'why', { errors }), '/v1/orders', 'req_1');
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toEqual({
      type: 'urn:bourse:error:BODY_INVALID',
      title: 'The body is not JSON or does not fit the schema of the route.',
      status: 400,
      detail: 'why',
      instance: '/v1/orders',
      code: 'BODY_INVALID',
      requestId: 'req_1',
      errors,
    });
  });

  it('says how to come back, and how to log in', () => {
    expect(toProblem(reject('SERVICE_BUSY'), '/', 'r').headers['retry-after']).toBe('1');
    const later = reject('SERVICE_UNAVAILABLE', 'x', { retryAfterSeconds: 7 });
    expect(toProblem(later, '/', 'r').headers['retry-after']).toBe('7');
    const missing = toProblem(reject('TOKEN_MISSING'), '/', 'r').headers;
    expect(missing['www-authenticate']).toBe('Bearer');
    const invalid = toProblem(reject('TOKEN_INVALID'), '/', 'r').headers;
    expect(invalid['www-authenticate']).toBe('Bearer error="invalid_token"');
  });
});

describe('field errors', () => {
  const schema = z.strictObject({
    side: z.enum(['buy', 'sell']),
    price: z.string().regex(/^[0-9]+$/),
    count: z.int().min(1).max(9).optional(),
    'a/b~c': z.array(z.strictObject({ text: z.string() })).optional(),
  });

  function errorsOf(value: unknown) {
    const parsed = schema.safeParse(value);
    return parsed.success ? [] : describeIssues(parsed.error, value);
  }

  it.each([
    [{ price: '1' }, '/side', 'FIELD_REQUIRED'],
    [{ side: 'hold', price: '1' }, '/side', 'FIELD_NOT_ALLOWED'],
    [{ side: 'buy', price: 1 }, '/price', 'FIELD_TYPE'],
    [{ side: 'buy', price: null }, '/price', 'FIELD_TYPE'],
    [{ side: 'buy', price: '1e5' }, '/price', 'FIELD_FORMAT'],
    [{ side: 'buy', price: '1', count: 0 }, '/count', 'FIELD_TOO_SMALL'],
    [{ side: 'buy', price: '1', count: 10 }, '/count', 'FIELD_TOO_LARGE'],
    [{ side: 'buy', price: '1', extra: 1 }, '/extra', 'FIELD_UNKNOWN'],
    [{ side: 'buy', price: '1', 'a/b~c': [{}] }, '/a~1b~0c/0/text', 'FIELD_REQUIRED'],
    [[], '', 'FIELD_TYPE'],
    ['text', '', 'FIELD_TYPE'],
  ])('describes %j', (value, path, code) => {
    expect(errorsOf(value)).toEqual([expect.objectContaining({ path, code })]);
  });

  it('never repeats a value, and cuts long names and long lists', () => {
    const value = {
      side: 'hunter2',
      price: 'hunter2',
      ['x'.repeat(1_000)]: 1,
      ...Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, 1])),
    };
    const errors = errorsOf(value);
    expect(errors).toHaveLength(FIELD_ERRORS_MAX);
    expect(JSON.stringify(errors)).not.toContain('hunter2');
    expect(JSON.stringify(errors)).not.toContain('x'.repeat(65));
  });
});
