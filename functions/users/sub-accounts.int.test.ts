// Sub-accounts and transfers between them: who may make and move what, what is shown, and what they
// share with their owner.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../shared/domain/caller.ts';
import { keyId, parseUserId, userId } from '../../shared/domain/ids.ts';
import { sessionCaller } from '../../shared/function/testing/session-caller.ts';
import { policyOf } from '../../shared/policy/policies.ts';
import { createAccountsFixture, type AccountsFixture } from './accounts-fixture.ts';
import { SUB_ACCOUNTS_MAX } from './decide/transfer.ts';
import { codeOf } from './fixture.ts';

const PATH = '/v1/users/me/sub-accounts';
const MOVES = '/v1/users/me/transfers';
const FREEZE = `SELECT risk.set_flag($1, 'frozen', $2, 'olivia', 'a test')`;

let users: AccountsFixture;
beforeAll(async () => {
  users = await createAccountsFixture();
});
afterAll(() => users.close());

function make(caller: Caller, label: unknown): ReturnType<AccountsFixture['call']> {
  return users.call('POST', PATH, { label }, caller);
}

async function listed(caller: Caller): Promise<readonly Record<string, unknown>[]> {
  const { body } = await users.call('GET', PATH, undefined, caller);
  return (body as { readonly items: Record<string, unknown>[] }).items;
}

/** A key that acts for the user. */
function keyOf(user: string, change: Partial<Caller> = {}): Caller {
  const { userNumber, ...rest } = sessionCaller(parseUserId(user) ?? 0);
  return { ...rest, userNumber, kind: 'key', credentialId: keyId(1), ...change };
}

describe('POST /v1/users/me/sub-accounts refuses', () => {
  it.each([
    ['an empty label', ''],
    ['a long one', 'x'.repeat(65)],
    ['a line break', 'a\nb'],
    ['an invisible character', 'a\u200bb'],
    ['what is no text', 7],
  ])('%s', async (_name, label) => {
    const caller = await users.addUser(`l${Math.random().toString(36).slice(2)}@example.org`);
    expect(codeOf(await make(caller, label))).toBe('BODY_INVALID');
    expect(await listed(caller)).toEqual([]);
  });

  it('every caller but a session', () => {
    expect(policyOf('POST', PATH).callers).toEqual(['session']);
  });

  it('a label that another has, the twenty-first, and a race for the last', async () => {
    const { owner } = await users.addFamily('many@example.org', 'one');
    const { owner: other } = await users.addFamily('others@example.org');
    expect(codeOf(await make(owner, 'one'))).toBe('SUB_ACCOUNT_LABEL_TAKEN');
    expect(codeOf(await make(other, 'one'))).toBe(201);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) => make(owner, `bot ${at}`)),
    );
    const codes = answers.map(codeOf);
    expect(codes.filter((code) => code === 201)).toHaveLength(SUB_ACCOUNTS_MAX - 1);
    expect(new Set(codes)).toEqual(new Set([201, 'SUB_ACCOUNTS_TOO_MANY']));
    expect(await listed(owner)).toHaveLength(SUB_ACCOUNTS_MAX);
  });

  it('a sub-account, who is suspended, and who has closed', async () => {
    const { owner, parts } = await users.addFamily('states@example.org', 'bot');
    const part = sessionCaller(parseUserId(parts[0]) ?? 0);
    expect(codeOf(await make(part, 'deeper'))).toBe('ACCOUNT_PART_NOT_ALLOWED');
    await users.database.pool.query('SELECT FROM users.admin_set_suspended($1, true)', [
      owner.userNumber,
    ]);
    expect(codeOf(await make(owner, 'next'))).toBe('ACCOUNT_SUSPENDED');
    const gone = await users.addUser('gone@example.org');
    await users.call('DELETE', '/v1/users/me', undefined, gone);
    expect(codeOf(await make(gone, 'next'))).toBe('ACCOUNT_CLOSED');
  });
});

describe('a sub-account', () => {
  it('is a user of its own number, listed with balances, and told in the audit log', async () => {
    const { owner, parts } = await users.addFamily('owner@example.org', 'maker', 'taker');
    const [maker = '', taker = ''] = parts;
    await users.fund(maker, 'USD', 1_050n);
    expect(await listed(owner)).toMatchObject([
      {
        userId: maker,
        label: 'maker',
        createdAt: new Date(users.nowMs).toISOString(),
        balances: [{ asset: 'USD', available: '10.5', held: '0', total: '10.5' }],
      },
      { userId: taker, label: 'taker', balances: [] },
    ]);
    expect(await listed(keyOf(maker))).toEqual([]);
    const told = await users.database.pool.query(
      `SELECT FROM audit.records r WHERE r::text LIKE '%sub_account.make%'
         AND r::text LIKE '%' || $1 || '%' AND r::text LIKE '%' || $2 || '%'`,
      [owner.userId, maker],
    );
    expect(told.rowCount).toBe(1);
  });

  it('cannot sign in, and has the KYC level of its owner, whenever that is set', async () => {
    const { owner, parts } = await users.addFamily('kyc@example.org', 'first');
    const level = `UPDATE users.users SET kyc_level = $2 WHERE user_number = $1`;
    await users.database.pool.query(level, [owner.userNumber, 2]);
    await make(owner, 'second');
    await users.database.pool.query(level, [parseUserId(parts[0]), 3]);
    const rows = await users.database.pool.query(
      `SELECT u.kyc_level AS level, u.email_index AS email, p.hash FROM users.users u
       LEFT JOIN users.passwords p USING (user_number) WHERE u.parent_number = $1`,
      [owner.userNumber],
    );
    expect(rows.rows).toEqual(Array(2).fill({ level: 2, email: null, hash: null }));
  });

  it('T19 is held with its owner, whatever is moved where', async () => {
    const { owner, parts } = await users.addFamily('held@example.org', 'a', 'b');
    const [a = '', b = ''] = parts;
    await users.fund(owner.userId, 'USD', 900n);
    const held = async (): Promise<(Date | null)[]> => {
      const result = await users.deps.pool.query<{ until: Date | null }>(
        'SELECT auth.withdrawal_hold_until(n) AS until FROM unnest($1::bigint[]) n',
        [[owner.userId, a, b].map(parseUserId)],
      );
      return result.rows.map(({ until }) => until);
    };
    await users.transfer(owner, { from: owner.userId, to: a, asset: 'USD', amount: '3' });
    expect(await held()).toEqual([null, null, null]);
    await users.deps.pool.query(`SELECT auth.start_withdrawal_hold($1, 'email_changed', 72)`, [
      owner.userNumber,
    ]);
    const [until] = await held();
    expect(until?.getTime()).toBeGreaterThan(Date.now() + 71 * 3_600_000);
    await users.transfer(owner, { from: owner.userId, to: b, asset: 'USD', amount: '3' });
    await users.transfer(owner, { from: b, to: a, asset: 'USD', amount: '1' });
    const made = await make(owner, 'made while held');
    expect(await held()).toEqual([until, until, until]);
    const { userId: late } = made.body as { readonly userId: string };
    const result = await users.deps.pool.query<{ until: Date }>(
      'SELECT auth.withdrawal_hold_until($1) AS until',
      [parseUserId(late)],
    );
    expect(result.rows[0]?.until).toEqual(until);
  });
});

describe('POST /v1/users/me/transfers refuses', () => {
  let owner: Caller;
  let stranger: Caller;
  let a = '';
  let good: Record<'from' | 'to' | 'asset' | 'amount', string>;
  beforeAll(async () => {
    const family = await users.addFamily('refuse@example.org', 'a', 'b');
    owner = family.owner;
    [a = ''] = family.parts;
    stranger = (await users.addFamily('stranger@example.org', 'theirs')).owner;
    await users.fund(owner.userId, 'USD', 1_000n);
    await users.fund(stranger.userId, 'USD', 1_000n);
    good = { from: owner.userId, to: a, asset: 'USD', amount: '1' };
  });

  it.each([
    ['no amount', { amount: '0' }, 'AMOUNT_INVALID'],
    ['a finer amount', { amount: '0.001' }, 'AMOUNT_INVALID'],
    ['a negative amount', { amount: '-1' }, 'BODY_INVALID'],
    ['an exponent', { amount: '1e3' }, 'BODY_INVALID'],
    ['a leading zero', { amount: '01' }, 'BODY_INVALID'],
    ['more than is available', { amount: '10.01' }, 'INSUFFICIENT_FUNDS'],
    ['the largest amount', { amount: `${'9'.repeat(20)}.99` }, 'INSUFFICIENT_FUNDS'],
    ['an asset that it has not', { asset: 'BTC' }, 'INSUFFICIENT_FUNDS'],
    ['an asset that nobody has', { asset: 'NONE' }, 'INSUFFICIENT_FUNDS'],
    ['an account that never was', { to: userId(999_999_999) }, 'TRANSFER_ACCOUNT_UNKNOWN'],
    ['one whose number is beyond all', { to: 'usr_9999999999999999' }, 'TRANSFER_ACCOUNT_UNKNOWN'],
    ['an account of no number', { to: 'usr_0000000000000000' }, 'TRANSFER_ACCOUNT_UNKNOWN'],
    ['what is no account', { to: 'fees:BTC-USD' }, 'BODY_INVALID'],
    ['a way out to custody', { to: 'custody' }, 'BODY_INVALID'],
    ['one that gets and gives', { to: 'from' }, 'TRANSFER_TO_ITSELF'],
  ])('%s', async (_name, change, code) => {
    const body = { ...good, ...change };
    if (body.to === 'from') body.to = body.from;
    const before = await users.entries();
    expect(codeOf(await users.transfer(owner, body))).toBe(code);
    expect(await users.entries()).toBe(before);
  });

  it('C36 accounts of others, from or to, and says no more than of none', async () => {
    const none = userId(999_999_999);
    const answers = await Promise.all([
      users.transfer(owner, { ...good, from: stranger.userId }),
      users.transfer(owner, { ...good, to: stranger.userId }),
      users.transfer(owner, { ...good, from: stranger.userId, to: owner.userId }),
      users.transfer(owner, { ...good, from: none, to: stranger.userId }),
      users.transfer(owner, { ...good, to: none }),
    ]);
    expect(answers.map(codeOf)).toEqual(Array(5).fill('TRANSFER_ACCOUNT_UNKNOWN'));
    const texts = answers.map(({ body }) => (body as { readonly detail: string }).detail);
    expect(new Set(texts).size).toBe(1);
  });

  it('C22 a missing, malformed or doubled Idempotency-Key', async () => {
    for (const headers of [{}, ...['', 'x'.repeat(65), 'a b', 'one, two'].map(named)]) {
      const answer = await users.call('POST', MOVES, good, owner, headers);
      expect(answer).toMatchObject({ status: 400, body: { code: 'IDEMPOTENCY_KEY_INVALID' } });
    }
  });

  it('keys of a sub-account, keys for some markets, and callers without the scope', async () => {
    const out = { ...good, from: a, to: owner.userId };
    await users.transfer(owner, good);
    expect(codeOf(await users.transfer(keyOf(a), out))).toBe('CALLER_NOT_ALLOWED');
    const narrow = keyOf(owner.userId, { markets: ['BTC-USD'] });
    expect(codeOf(await users.transfer(narrow, out))).toBe('CALLER_NOT_ALLOWED');
    const reader = keyOf(owner.userId, { scopes: ['read'] });
    expect(codeOf(await users.transfer(reader, out))).toBe('SCOPE_MISSING');
    const mover = keyOf(owner.userId, { scopes: ['trade'] });
    expect(codeOf(await users.transfer(mover, out))).toBe(201);
    const client = keyOf(owner.userId, { kind: 'client', scopes: ['trade'] });
    expect(codeOf(await users.transfer(client, good))).toBe(201);
  });

  it('accounts that are frozen or suspended, the owner’s flag holding for all', async () => {
    const family = await users.addFamily('frozen@example.org', 'a', 'b');
    const me = family.owner;
    const [x = '', y = ''] = family.parts;
    await users.fund(x, 'USD', 1_000n);
    const move = (from: string, to: string) =>
      users.transfer(me, { from, to, asset: 'USD', amount: '1' }).then(codeOf);
    const freeze = (user: string, on: boolean) =>
      users.database.pool.query(FREEZE, [parseUserId(user), on]);
    for (const frozen of [x, y, me.userId]) {
      await freeze(frozen, true);
      expect(await move(x, y)).toBe('ACCOUNT_BLOCKED');
      await freeze(frozen, false);
      expect(await move(x, y)).toBe(201);
    }
    await freeze(y, true);
    expect(await move(x, me.userId)).toBe(201);
    const suspend = 'SELECT FROM users.admin_set_suspended($1, true)';
    await users.database.pool.query(suspend, [parseUserId(x)]);
    expect(await move(x, me.userId)).toBe('ACCOUNT_BLOCKED');
    await users.database.pool.query(suspend, [me.userNumber]);
    expect(await move(x, me.userId)).toBe('ACCOUNT_SUSPENDED');
  });
});

describe('a transfer', () => {
  it('moves what is available, exactly, and is in both statements and lists', async () => {
    const { owner, parts } = await users.addFamily('moves@example.org', 'a', 'b');
    const [a = '', b = ''] = parts;
    await users.fund(owner.userId, 'USD', 1_000n);
    const move = { from: owner.userId, to: a, asset: 'USD', amount: '2.50' };
    const made = await users.transfer(owner, move);
    expect(made).toMatchObject({
      status: 201,
      body: { ...move, amount: '2.5', createdAt: new Date(users.nowMs).toISOString() },
    });
    const { id } = made.body as { readonly id: string };
    await users.transfer(owner, { ...move, from: a, to: b, amount: '1' });
    expect(await users.balance(owner.userId, 'USD')).toBe('750/0');
    expect(await users.balance(a, 'USD')).toBe('150/0');
    const postings = await users.database.pool.query(
      `SELECT p.owner, p.kind, p.amount FROM ledger.account_postings p
       WHERE p.reference_type = 'transfer' AND p.reference_id = $1 ORDER BY p.amount`,
      [id],
    );
    expect(postings.rows).toEqual([
      { owner: owner.userId, kind: 'transfer', amount: '-250' },
      { owner: a, kind: 'transfer', amount: '250' },
    ]);
    const list = (caller: Caller, query = '') =>
      users.call('GET', `${MOVES}${query}`, undefined, caller).then(({ body }) => body as Page);
    expect((await list(owner)).items.map(({ to }) => to)).toEqual([b, a]);
    expect((await list(keyOf(b))).items.map(({ to }) => to)).toEqual([b]);
    const first = await list(owner, '?limit=1');
    const second = await list(owner, `?limit=1&cursor=${first.nextCursor ?? ''}`);
    expect([first, second].flatMap(({ items }) => items.map(({ to }) => to))).toEqual([b, a]);
    expect(second.nextCursor).toBeNull();
    const stranger = await users.addUser('looks@example.org');
    expect((await list(stranger)).items).toEqual([]);
  });

  it('C22 with a key that was used is answered as then, whatever has happened since', async () => {
    const { owner, parts } = await users.addFamily('again@example.org', 'a');
    const [a = ''] = parts;
    const { owner: other, parts: theirs } = await users.addFamily('same@example.org', 'a');
    await users.fund(owner.userId, 'USD', 100n);
    await users.fund(other.userId, 'USD', 100n);
    const move = { from: owner.userId, to: a, asset: 'USD', amount: '1' };
    const short = await users.transfer(owner, { ...move, amount: '2' }, 'K');
    expect(codeOf(short)).toBe('INSUFFICIENT_FUNDS');
    const made = await users.transfer(owner, move, 'K');
    users.nowMs += 400 * 86_400_000;
    await users.database.pool.query(FREEZE, [owner.userNumber, true]);
    const again = await users.transfer(
      owner,
      { amount: '1', asset: 'USD', to: a, from: owner.userId },
      'K',
    );
    expect(again).toMatchObject({ status: 201, headers: { 'idempotency-replayed': 'true' } });
    expect(again.body).toEqual(made.body);
    for (const change of [{ amount: '0.5' }, { from: a, to: owner.userId }, { asset: 'BTC' }]) {
      const changed = await users.transfer(owner, { ...move, ...change }, 'K');
      expect(changed).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    }
    expect(await users.balance(a, 'USD')).toBe('100/0');
    const own = { ...move, from: other.userId, to: theirs[0] ?? '' };
    expect(codeOf(await users.transfer(other, own, 'K'))).toBe(201);
  });
});

describe('C38 the whole of a person', () => {
  it('is exported with sub-accounts and transfers', async () => {
    const { owner, parts } = await users.addFamily('takes@example.org', 'a');
    const [a = ''] = parts;
    await users.fund(owner.userId, 'USD', 100n);
    await users.transfer(owner, { from: owner.userId, to: a, asset: 'USD', amount: '0.4' });
    const { body } = await users.call('GET', '/v1/users/me/export', undefined, owner);
    expect(body).toMatchObject({
      subAccounts: [{ userId: a, label: 'a' }],
      transfers: [{ from: owner.userId, to: a, asset: 'USD', amount: '0.4' }],
      balances: [{ total: '0.6' }, { userId: a, total: '0.4' }],
    });
  });

  it('is closed together, and not while a sub-account has something', async () => {
    const { owner, parts } = await users.addFamily('closes@example.org', 'a label', 'b');
    const [a = '', b = ''] = parts;
    await users.fund(a, 'USD', 1n);
    const close = () => users.call('DELETE', '/v1/users/me', undefined, owner).then(codeOf);
    expect(await close()).toBe('ACCOUNT_NOT_EMPTY');
    const { owner: sink } = await users.addFamily('sink@example.org');
    // Out of the family, as a withdrawal or a trade would.
    await users.database.pool.query(
      `SELECT ledger.post_transfer('test', 'tfr_1', $1, $2, 'USD', 1)`,
      [a, sink.userId],
    );
    expect(await close()).toBe(200);
    const rows = await users.database.pool.query(
      `SELECT u.status, u.label, EXISTS (SELECT FROM auth.revocations r
         WHERE r.user_number = u.user_number AND r.kind = 'user_blocked') AS blocked
       FROM users.users u WHERE u.user_number = ANY ($1::bigint[])`,
      [[a, b].map(parseUserId)],
    );
    expect(rows.rows).toEqual(Array(2).fill({ status: 'closed', label: null, blocked: true }));
    const move = { from: owner.userId, to: a, asset: 'USD', amount: '1' };
    expect(codeOf(await users.transfer(owner, move))).toBe('ACCOUNT_CLOSED');
    expect(await listed(owner)).toEqual([]);
  });
});

interface Page {
  readonly items: readonly { readonly to: string }[];
  readonly nextCursor: string | null;
}

function named(key: string): Record<string, string> {
  return { 'idempotency-key': key };
}
