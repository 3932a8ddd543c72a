// What an operator types about OAuth clients: what is refused, and what comes of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from '../../../shared/operator/operator.ts';
import { openOAuth, post, signIn, type TestOAuth } from '../oauth/testing-oauth.ts';
import { CLIENTS_MEANINGS, readClientsCommand, runClientsCommand } from './clients.ts';

let oauth: TestOAuth;
beforeAll(async () => {
  oauth = await openOAuth();
});
afterAll(() => oauth.database.drop());

const WEB = ['create', '--name', 'Desk', '--scopes', 'read', '--redirect-uri', 'https://a.test/'];
const WHY = ['--reason', 'a test'];

async function run(...args: string[]): Promise<string> {
  try {
    const command = readClientsCommand(args, 'tester');
    if (command === null) return 'help';
    return (await runClientsCommand(oauth.deps.pool, command, oauth.nowMs)).join('\n');
  } catch (error) {
    return messageOf(error, CLIENTS_MEANINGS);
  }
}

describe('an operator is told', () => {
  it.each([
    [['make'], 'no command clients make'],
    [WEB, '--reason TEXT is needed'],
    [['create', ...WHY], '--name TEXT is needed'],
    [[...WEB, '--scopes', 'admin', ...WHY], '--scopes'],
    [[...WEB, '--scopes', 'withdraw', ...WHY], 'withdraw is for institutions alone'],
    [[...WEB, '--redirect-uri', 'http://a.test/', ...WHY], 'is neither https'],
    [['create', '--name', 'D', '--scopes', 'read', ...WHY], '--redirect-uri URI is needed'],
    [[...WEB, '--user', 'usr_0000000000000001', ...WHY], 'an institution has a secret'],
    [[...WEB, '--user', 'bob', ...WHY], 'bob is no user id'],
    [[...WEB, 'more', ...WHY], 'what is more?'],
    [['list', '--public'], 'clients list takes nothing'],
    [['disable', 'app', ...WHY], 'app is no client id'],
    [['disable', ...WHY], 'clients disable cli_'],
    [['disable', 'cli_0000000000009999', ...WHY], 'no active client cli_0000000000009999'],
    [['rotate-secret', 'cli_0000000000009999', ...WHY], 'is no active client with a secret'],
    [['rotate-secret', 'cli_0000000000009999', '--overlap', '1000', ...WHY], '0 to 720'],
    [['disable', 'cli_0000000000009999', '--overlap', '1', ...WHY], 'takes no --overlap'],
  ])('%j: %s', async (args, complaint) => {
    expect(await run(...args)).toContain(complaint);
  });
});

describe('an operator', () => {
  it('makes an institution, changes its secret, and disables it; it is kept who and why', async () => {
    const { userId } = await signIn(oauth);
    const what = ['--name', 'Desk', '--scopes', 'trade withdraw', '--user', userId];
    const made = await run('create', ...what, ...WHY);
    const [, id = '', secret = ''] =
      /^client {2}(cli_\d{16})\nsecret {2}(bcs_\S{43})$/m.exec(made) ?? [];
    const ask = (client_secret: string) =>
      post(oauth, 'token', { grant_type: 'client_credentials', client_id: id, client_secret });
    expect((await ask(secret)).status).toBe(200);
    const listed = await run('list');
    expect(listed).toContain(`${id}  active  institution of ${userId}  trade withdraw  grants: 1`);
    expect(listed).not.toContain('bcs_');

    const rotated = await run('rotate-secret', id, '--overlap', '0', ...WHY);
    const next = /bcs_\S{43}/.exec(rotated)?.[0] ?? '';
    expect(rotated).toContain('The old secret is taken no longer.');
    expect((await ask(secret)).status).toBe(401);
    expect((await ask(next)).status).toBe(200);

    expect(await run('disable', id, ...WHY)).toBe(`${id} is disabled; grants ended: 1`);
    expect((await ask(next)).status).toBe(401);
    expect(await run('rotate-secret', id, ...WHY)).toContain('no active client');
    const kept = await oauth.database.pool.query(
      `SELECT what, actor, reason FROM auth.oauth_client_changes ORDER BY change_number`,
    );
    const by = { actor: 'tester', reason: 'a test' };
    expect(kept.rows).toEqual([
      { what: 'created', ...by },
      { what: 'secret_rotated', ...by },
      { what: 'disabled', ...by },
    ]);
    const edit = oauth.deps.pool.query(`UPDATE auth.oauth_client_changes SET reason = 'another'`);
    await expect(edit).rejects.toThrow('permission denied');
  });

  it('C30 lets the old secret of a client go on until the overlap ends, and no older one', async () => {
    const { userId } = await signIn(oauth);
    const made = await run('create', '--name', 'D', '--scopes', 'read', '--user', userId, ...WHY);
    const id = /cli_\d{16}/.exec(made)?.[0] ?? '';
    const secretIn = (text: string) => /bcs_\S{43}/.exec(text)?.[0] ?? '';
    const ask = async (client_secret: string) => {
      const fields = { grant_type: 'client_credentials', client_id: id, client_secret };
      return (await post(oauth, 'token', fields)).status;
    };
    const first = secretIn(made);
    const second = secretIn(await run('rotate-secret', id, ...WHY));
    expect([await ask(first), await ask(second)]).toEqual([200, 200]);
    oauth.nowMs += 24 * 3_600_000 - 1_000;
    expect([await ask(first), await ask(second)]).toEqual([200, 200]);
    oauth.nowMs += 1_000;
    expect([await ask(first), await ask(second)]).toEqual([401, 200]);
    const third = secretIn(await run('rotate-secret', id, '--overlap', '2', ...WHY));
    const fourth = secretIn(await run('rotate-secret', id, '--overlap', '1', ...WHY));
    const taken = [await ask(second), await ask(third), await ask(fourth)];
    expect(taken).toEqual([401, 200, 200]);
    // It leaked after all: nothing beside the newest is taken.
    const fifth = secretIn(await run('rotate-secret', id, '--overlap', '0', ...WHY));
    expect([await ask(third), await ask(fourth), await ask(fifth)]).toEqual([401, 401, 200]);
  });

  it('makes a public client, which has no secret', async () => {
    expect(await run(...WEB, '--public', ...WHY)).toMatch(/^client {2}cli_\d{16}$/);
  });
});
