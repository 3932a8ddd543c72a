// C18: the function for staff as it is hosted, on real sockets behind one proxy: what it needs to
// start, who is let in by address, and that no issuer of tokens has a part in it.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hostFunction, type HostedFunction } from '../../../shared/function/host.ts';
import { codeOf, keepAliveAgent, send } from '../../../shared/function/testing/raw-http.ts';
import { defineFunction, route } from '../../../shared/function/definition.ts';
import { manages, staffs } from '../../../shared/policy/policy.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { definition } from '../handler.ts';
import { StaffBench } from './testing-staff.ts';

const ADDRESSES = '198.51.100.0/24,2001:db8::/32';
const INSIDE = '198.51.100.7';

let bench: StaffBench;
let environment: Readonly<Record<string, string>>;
const hosted: HostedFunction[] = [];
const agent = keepAliveAgent();

beforeAll(async () => {
  bench = await StaffBench.open();
  bench.nowMs = Date.now();
  environment = {
    DATABASE_URL: bench.database.urlFor('bourse_admin'),
    BUS_URL: bench.database.urlFor('bourse_admin'),
    ADMIN_ADDRESSES: ADDRESSES,
    ADMIN_WEBAUTHN_RP_ID: 'admin.bourse.example',
    ADMIN_WEBAUTHN_ORIGINS: 'https://admin.bourse.example',
    TRUSTED_PROXIES: '1',
  };
});
afterEach(async () => {
  await Promise.all(hosted.splice(0).map((each) => each.stop(1_000)));
});
afterAll(() => bench.close());

async function host(change: Readonly<Record<string, string>> = {}): Promise<number> {
  const options = { log: silentLogger(), port: 0, hostname: '127.0.0.1' };
  const all = { ...environment, ...change };
  const one = await hostFunction(definition, { ...options, environment: all });
  hosted.push(one);
  return one.port;
}

function get(port: number, path: string, headers: Readonly<Record<string, string>>) {
  return send(port, { path, headers, agent });
}

describe('C18 the function for staff does not start', () => {
  it.each([
    ['ADMIN_ADDRESSES', ''],
    ['ADMIN_ADDRESSES', 'everywhere'],
    ['ADMIN_ADDRESSES', '198.51.100.7'],
    ['ADMIN_ADDRESSES', '198.51.100.0/33'],
    ['ADMIN_ADDRESSES', '198.51.100.0/24,'],
    ['ADMIN_WEBAUTHN_ORIGINS', 'http://admin.bourse.example'],
    ['ADMIN_WEBAUTHN_RP_ID', ''],
  ])('with %s %j', async (name, value) => {
    await expect(host({ [name]: value })).rejects.toThrow(name);
  });

  it('with routes of users beside its own', async () => {
    const made = (path: string, policy: ReturnType<typeof staffs>) =>
      route<null>({
        ...{ method: 'GET', path, policy, summary: 'A route.', answers: {}, refusals: [] },
        handle: () => Promise.resolve({ status: 200 }),
      });
    const mixed = defineFunction<null>({
      name: 'mixed',
      routes: [made('/v1/staff', staffs()), made('/v1/users', manages())],
      events: [],
      connect: () => Promise.resolve(null),
      close: () => Promise.resolve(),
      isReady: () => Promise.resolve(true),
    });
    const options = { log: silentLogger(), port: 0, environment };
    await expect(hostFunction(mixed, options)).rejects.toThrow('serves staff, and users');
  });
});

describe('C18 the function for staff', () => {
  it('knows a session without any issuer of tokens, and is ready without one', async () => {
    const token = await bench.signIn(await bench.person('auditor'));
    const port = await host();
    const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': INSIDE };
    const me = await get(port, '/v1/admin/me', headers);
    expect([me.status, me.text]).toEqual([200, expect.stringContaining('auditor')]);
    // The cluster asks past the proxies.
    expect((await get(port, '/readyz', {})).status).toBe(200);
  });

  it.each([
    ['an address that is not listed', '192.0.2.7'],
    ['one that says it was forwarded for a listed one', `${INSIDE}, 192.0.2.7`],
    ['no address', 'unknown'],
  ])('refuses %s on every route, open ones too', async (_name, forwardedFor) => {
    const token = await bench.signIn(await bench.person());
    const port = await host();
    for (const path of ['/v1/admin/me', '/v1/admin/sign-in', '/v1/nowhere', '/metrics/x']) {
      const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': forwardedFor };
      const answer = await get(port, path, headers);
      expect([path, answer.status, codeOf(answer)]).toEqual([path, 403, 'ADDRESS_NOT_ALLOWED']);
    }
  });

  it('takes nothing for granted of whoever comes past the proxy', async () => {
    const port = await host();
    const answer = await get(port, '/v1/admin/me', {});
    expect(codeOf(answer)).toBe('ADDRESS_NOT_ALLOWED');
  });
});
