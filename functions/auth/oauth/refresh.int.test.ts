// Refresh tokens: each used once, by any number at once; and what theft ends.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../shared/domain/caller.ts';
import type { CallAnswer } from '../../../shared/function/call.ts';
import { REUSE_GRACE_MS } from './judge-refused-token.ts';
import { REFRESH_LIFE_MS } from './store/refresh-tokens.ts';
import {
  authorize,
  claimsOf,
  codeIn,
  credentialsOf,
  endOf,
  exchange,
  letIn,
  mailsTo,
  makeClient,
  openOAuth,
  post,
  refresh,
  revoked,
  signIn,
  signInAgain,
  tokensIn,
  type TestClient,
  type TestOAuth,
} from './testing-oauth.ts';

const DAY_MS = 86_400_000;
const ROUNDS = 100;
const RACERS = 50;

let oauth: TestOAuth;
let alice: Caller;
let app: TestClient;
let web: TestClient;
beforeAll(async () => {
  oauth = await openOAuth();
  alice = await signIn(oauth);
  app = await makeClient(oauth, 'public');
  web = await makeClient(oauth, 'confidential');
});
afterAll(() => oauth.database.drop());

/** Tokens that alice has given, in a session of now. */
async function newTokens(client = app) {
  return letIn(oauth, await signInAgain(oauth, alice.userNumber), client);
}

function errorOf({ body }: CallAnswer): unknown {
  return (body as { readonly error?: unknown }).error;
}

describe('C7: a refresh token is refused', () => {
  it('as an access token, an access token as a refresh token, and what is unknown', async () => {
    const { access } = await newTokens();
    for (const token of [access, 'brt_x', `brt_${'A'.repeat(43)}`]) {
      const answer = await refresh(oauth, app, token);
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    }
  });

  it('to another client, which changes nothing', async () => {
    const tokens = await newTokens();
    expect(errorOf(await refresh(oauth, web, tokens.refresh))).toBe('invalid_grant');
    oauth.nowMs += REUSE_GRACE_MS + 1;
    expect(errorOf(await refresh(oauth, web, tokens.refresh))).toBe('invalid_grant');
    expect((await refresh(oauth, app, tokens.refresh)).status).toBe(200);
  });

  it('for more than was granted, which does not use it up', async () => {
    const tokens = await letIn(oauth, await signInAgain(oauth, alice.userNumber), app, ['read']);
    for (const scope of ['read trade', 'withdraw', 'admin']) {
      const answer = await refresh(oauth, app, tokens.refresh, { scope });
      expect(errorOf(answer)).toBe('invalid_scope');
    }
    expect((await refresh(oauth, app, tokens.refresh)).status).toBe(200);
  });

  it('after seven days without use', async () => {
    const [late, early] = [await newTokens(), await newTokens()];
    oauth.nowMs += REFRESH_LIFE_MS - 1;
    expect((await refresh(oauth, app, early.refresh)).status).toBe(200);
    oauth.nowMs += 1;
    expect(errorOf(await refresh(oauth, app, late.refresh))).toBe('invalid_grant');
  });

  it('after thirty days of use, and no access token outlives them', async () => {
    let tokens = await newTokens();
    const endsAtMs = oauth.nowMs + 30 * DAY_MS;
    for (let week = 1; week <= 4; week += 1) {
      oauth.nowMs += 7 * DAY_MS - 1_000;
      tokens = tokensIn(await refresh(oauth, app, tokens.refresh));
    }
    oauth.nowMs = endsAtMs - 60_000;
    const last = await refresh(oauth, app, tokens.refresh);
    expect(last.body).toMatchObject({ expires_in: 60 });
    oauth.nowMs = endsAtMs;
    expect(errorOf(await refresh(oauth, app, tokensIn(last).refresh))).toBe('invalid_grant');
  });
});

describe('C7: a refresh token', () => {
  it('gives the next, of the same grant, for fewer scopes if so asked', async () => {
    const first = await newTokens();
    const second = tokensIn(await refresh(oauth, app, first.refresh, { scope: 'read' }));
    expect(second).toMatchObject({ sid: first.sid, scope: 'read' });
    expect(second.refresh).not.toBe(first.refresh);
    const third = tokensIn(await refresh(oauth, app, second.refresh));
    expect(third).toMatchObject({ sid: first.sid, scope: 'read trade' });
    expect(claimsOf(third.access)).toMatchObject({ sub: alice.userId, amr: ['pwd', 'otp'] });
  });

  it('that comes again within ten seconds of its use harms nothing', async () => {
    const first = await newTokens();
    const second = tokensIn(await refresh(oauth, app, first.refresh));
    oauth.nowMs += REUSE_GRACE_MS;
    expect(errorOf(await refresh(oauth, app, first.refresh))).toBe('invalid_grant');
    expect(await endOf(oauth, first.sid)).toBeNull();
    expect((await refresh(oauth, app, second.refresh)).status).toBe(200);
  });

  it('leaves no row behind a day after it would have expired', async () => {
    let tokens = await newTokens();
    for (let step = 1; step <= 6; step += 1) {
      oauth.nowMs += 3 * DAY_MS;
      tokens = tokensIn(await refresh(oauth, app, tokens.refresh));
    }
    const kept = await oauth.database.pool.query(
      `SELECT FROM auth.refresh_tokens r
       WHERE 'grt_' || lpad(r.grant_number::text, 16, '0') = $1`,
      [tokens.sid],
    );
    // Made on the days 0, 3, …, 18, each for seven: on day 18 those until day 17 are forgotten.
    expect(kept.rowCount).toBe(3);
  });
});

describe('T23: theft of a refresh token', () => {
  it('ends the grant and its access tokens, whoever of the two comes second', async () => {
    const stolen = await newTokens();
    const bystander = await newTokens();
    const used = tokensIn(await refresh(oauth, app, stolen.refresh));
    oauth.nowMs += REUSE_GRACE_MS + 1;
    expect(errorOf(await refresh(oauth, app, stolen.refresh))).toBe('invalid_grant');
    expect(await endOf(oauth, stolen.sid)).toBe('token_reused');
    // The whole family: nobody can tell which of the two has the newest token.
    expect(errorOf(await refresh(oauth, app, used.refresh))).toBe('invalid_grant');
    expect((await revoked(oauth)).filter((id) => id === stolen.sid)).toHaveLength(1);
    expect(await revoked(oauth)).not.toContain(bystander.sid);
    expect((await refresh(oauth, app, bystander.refresh)).status).toBe(200);
  });

  it('is seen from any token of the family, however far back', async () => {
    const first = await newTokens();
    let last = first;
    for (let step = 1; step <= 5; step += 1) {
      last = tokensIn(await refresh(oauth, app, last.refresh));
      oauth.nowMs += 60_000;
    }
    await refresh(oauth, app, first.refresh);
    expect(await endOf(oauth, first.sid)).toBe('token_reused');
    expect(errorOf(await refresh(oauth, app, last.refresh))).toBe('invalid_grant');
  });

  it('is told to every process and to the user once, however often the token comes', async () => {
    const bob = await signIn(oauth);
    const first = await letIn(oauth, bob, app);
    expect(await mailsTo(oauth, bob)).toEqual([]);
    await refresh(oauth, app, first.refresh);
    oauth.nowMs += REUSE_GRACE_MS + 1;
    await Promise.all(Array.from({ length: 20 }, () => refresh(oauth, app, first.refresh)));
    expect((await revoked(oauth)).filter((id) => id === first.sid)).toHaveLength(1);
    const [day = '', minute = ''] = new Date(oauth.nowMs).toISOString().split(/[T.]|:\d\d\./);
    const time = `${day} ${minute} UTC`;
    const values = { time, client: 'App' };
    expect(await mailsTo(oauth, bob)).toEqual([{ template: 'grant_ended', values }]);
  });
});

describe('T23: parallel refreshes', () => {
  it(`of one token, ${RACERS} at once, have one winner, and the family lives`, async () => {
    const { refresh: first, sid } = await newTokens();
    let token = first;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: RACERS }, () => refresh(oauth, app, token)),
      );
      const winners = answers.filter(({ status }) => status === 200);
      expect(winners).toHaveLength(1);
      const losers = answers.filter((answer) => errorOf(answer) === 'invalid_grant');
      expect(losers).toHaveLength(RACERS - 1);
      token = winners.map(tokensIn)[0]?.refresh ?? '';
    }
    expect(await endOf(oauth, sid)).toBeNull();
    expect((await refresh(oauth, app, token)).status).toBe(200);
  }, 120_000);

  it('and an end of the grant: whoever comes second finds it ended', async () => {
    for (let round = 1; round <= 20; round += 1) {
      const tokens = await newTokens(web);
      const [refreshed] = await Promise.all([
        refresh(oauth, web, tokens.refresh),
        post(oauth, 'revoke', { token: tokens.refresh, ...credentialsOf(web) }),
      ]);
      expect(await endOf(oauth, tokens.sid)).toBe('revoked_by_client');
      if (refreshed.status !== 200) continue;
      const next = await refresh(oauth, web, tokensIn(refreshed).refresh);
      expect(errorOf(next)).toBe('invalid_grant');
    }
  });

  it('exchanges of one code have one winner at most, and what it was given ends', async () => {
    for (let round = 1; round <= 20; round += 1) {
      const session = await signInAgain(oauth, alice.userNumber);
      const code = codeIn(await authorize(oauth, session, web));
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => exchange(oauth, web, code)),
      );
      const winners = answers.filter(({ status }) => status === 200).map(tokensIn);
      expect(winners).toHaveLength(1);
      expect(await endOf(oauth, winners[0]?.sid ?? '')).toBe('code_reused');
    }
  });
});
