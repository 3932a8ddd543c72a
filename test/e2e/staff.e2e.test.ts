// C18, C17: two people of the staff, from the operator's command line to a user who is suspended. All
// processes real; the admin host on a port of its own, with passkeys in software.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseUserId } from '../../shared/domain/ids.ts';
import { SoftwarePasskey } from '../../shared/testing/software-passkey.ts';
import { eventually, Exchange } from './exchange.ts';
import { operate } from './operator.ts';

/** Where the front end of staff would be (knative/emulator/environment.ts). */
const ORIGIN = 'http://localhost:3001';

type CreateOptions = Parameters<SoftwarePasskey['create']>[0];
type GetOptions = Parameters<SoftwarePasskey['get']>[0];

let exchange: Exchange;
beforeAll(async () => {
  exchange = await Exchange.createOnly('admin', 'auth', 'users', 'ledger');
}, 120_000);
afterAll(() => exchange.remove(), 60_000);

interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(url: string, method: string, path: string, more: object = {}): Promise<Told> {
  const { token, body } = more as { token?: string; body?: object };
  const answer = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Told['body'] };
}

const admin = (method: string, path: string, more?: object) =>
  ask(exchange.adminUrl, method, `/v1/admin${path}`, more);

/** Makes a person, and their passkey by what the operator's tool has printed. */
async function enrol(email: string, role: string): Promise<SoftwarePasskey> {
  const printed = await operate(exchange, 'admin', 'staff', 'create', email, 'A Person', role);
  const enrolment = /ben_[A-Za-z0-9_-]{43}/.exec(printed)?.[0];
  const options = await admin('POST', '/enrolments/options', { body: { enrolment } });
  const passkey = new SoftwarePasskey('ES256', ORIGIN);
  const response = passkey.create(options.body as unknown as CreateOptions);
  const body = { enrolment, name: 'a key', response };
  expect(await admin('POST', '/enrolments', { body })).toMatchObject({ status: 201 });
  const again = await admin('POST', '/enrolments', { body });
  expect(again.body).toMatchObject({ code: 'ENROLMENT_INVALID' });
  return passkey;
}

async function signIn(passkey: SoftwarePasskey): Promise<string> {
  const options = (await admin('POST', '/sign-in/options')).body as unknown as GetOptions;
  const body = { challenge: options.challenge, response: passkey.get(options) };
  const { status, body: signedIn } = await admin('POST', '/sign-in', { body });
  expect(status).toBe(200);
  return String(signedIn['sessionToken']);
}

describe('C18 staff', () => {
  let maker: string;
  let checker: string;

  it('enrol and sign in by passkey, on the admin port', async () => {
    const keys = [
      await enrol('ann@bourse.example', 'compliance'),
      await enrol('bob@bourse.example', 'compliance'),
    ] as const;
    [maker, checker] = [await signIn(keys[0]), await signIn(keys[1])];
    const me = await admin('GET', '/me', { token: maker });
    expect(me.body).toMatchObject({ staffId: 'stf_0000000000000001', roles: ['compliance'] });
  });

  it('have nothing on the public port, and users nothing on theirs', async () => {
    for (const path of ['/v1/admin', '/v1/admin/me', '/v1/admin/sign-in/options']) {
      const answer = await ask(exchange.publicUrl, 'POST', path, { token: maker });
      expect([path, answer.status, answer.body['code']]).toEqual([path, 404, 'ROUTE_NOT_FOUND']);
    }
    const asUser = await ask(exchange.publicUrl, 'GET', '/v1/balances', { token: maker });
    expect(asUser.body).toMatchObject({ code: 'TOKEN_INVALID' });
    const user = await exchange.token('alice');
    const asStaff = await admin('GET', '/me', { token: user });
    expect(asStaff.body).toMatchObject({ status: 401, code: 'TOKEN_INVALID' });
    const other = await ask(exchange.adminUrl, 'GET', '/v1/balances', { token: user });
    expect(other.body).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
  });

  it('suspend a user, two of them, whose token is refused everywhere (C17)', async () => {
    const token = await exchange.token('bob');
    const mine = await ask(exchange.publicUrl, 'GET', '/v1/users/me', { token });
    const userId = String(mine.body['userId']);
    expect(parseUserId(userId)).not.toBeNull();
    const body = { action: 'users.suspend', payload: { userId }, reason: 'a case of the test' };
    const asked = await admin('POST', '/requests', { token: maker, body });
    expect(asked.status).toBe(201);
    const { id, payloadSha256 } = asked.body as { id: string; payloadSha256: string };
    const approve = (by: string) =>
      admin('POST', `/requests/${id}/approve`, { token: by, body: { payloadSha256 } });
    expect((await approve(maker)).body).toMatchObject({ code: 'APPROVAL_OWN' });
    expect((await approve(checker)).body).toMatchObject({ status: 'executed' });
    const refused = await eventually(
      () => ask(exchange.publicUrl, 'GET', '/v1/balances', { token }),
      ({ status }) => status !== 200,
    );
    expect(refused.body).toMatchObject({ status: 401, code: 'TOKEN_INVALID' });
  });

  it('are out once they have signed out, or the operator has disabled them', async () => {
    expect((await admin('DELETE', '/sessions/current', { token: maker })).status).toBe(200);
    expect((await admin('GET', '/me', { token: maker })).status).toBe(401);
    await operate(exchange, 'admin', 'staff', 'disable', 'bob@bourse.example');
    expect((await admin('GET', '/me', { token: checker })).status).toBe(401);
  });
});
