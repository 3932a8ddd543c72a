// Signing up as a person does: all processes real, the link taken out of a mail that really came.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Exchange } from './exchange.ts';

const PASSWORD = 'seven winds over the hill';

let exchange: Exchange;
beforeAll(async () => {
  exchange = await Exchange.createWhole();
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

interface Received {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

async function mailsTo(to: string): Promise<readonly Received[]> {
  const answer = await fetch(`${exchange.ownUrl}/mails?to=${encodeURIComponent(to)}`);
  return ((await answer.json()) as { readonly items: readonly Received[] }).items;
}

async function tokenTo(to: string, count: number): Promise<string | undefined> {
  const mails = await eventually(
    () => mailsTo(to),
    (found) => found.length >= count,
  );
  return /#token=(bml_[A-Za-z0-9_-]+)/.exec(mails[0]?.text ?? '')?.[1];
}

describe('a person', () => {
  it('signs up, follows the link, and resets a password that was forgotten', async () => {
    const email = 'ada@example.org';
    const post = (path: string, body: object) => exchange.call(null, 'POST', path, body);
    expect((await post('/v1/users', { email, password: 'password1' })).body).toMatchObject({
      code: 'PASSWORD_BREACHED',
    });
    expect((await post('/v1/users', { email, password: PASSWORD })).status).toBe(202);
    const token = await tokenTo(email, 1);
    expect((await post('/v1/users/verify-email', { token })).body).toMatchObject({
      status: 'active',
    });
    expect((await post('/v1/users/password-resets', { email })).status).toBe(202);
    const reset = { token: await tokenTo(email, 2), password: `${PASSWORD} again` };
    expect((await post('/v1/users/password-resets/confirm', reset)).status).toBe(200);
    expect((await post('/v1/users/password-resets/confirm', reset)).body).toMatchObject({
      code: 'LINK_INVALID',
    });
    const mails = await eventually(
      () => mailsTo(email),
      (found) => found.length >= 3,
    );
    expect(mails.map((mail) => mail.subject)).toEqual([
      '[Bourse] Your password was changed',
      '[Bourse] Reset your password',
      '[Bourse] Confirm your e-mail address',
    ]);
    expect(await mailsTo('nobody@example.org')).toEqual([]);
  });
});
