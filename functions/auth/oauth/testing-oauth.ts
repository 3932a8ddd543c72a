// What tests of oauth need: a clock, users with sessions, clients of each kind, and their requests.
import { createHash } from 'node:crypto';
import type { Caller, Scope } from '../../../shared/domain/caller.ts';
import { clientId, parseSessionId, userId } from '../../../shared/domain/ids.ts';
import { mailPlace, mailRequestedSchema, sealedMailSchema } from '../../../shared/events/mail.ts';
import { callFunction, type CallAnswer } from '../../../shared/function/call.ts';
import { sessionCaller } from '../../../shared/function/testing/session-caller.ts';
import { unseal } from '../../../shared/secrets/seal.ts';
import { drawSecret, hashSecret } from '../../../shared/secrets/token.ts';
import { createTestDatabase, type TestDatabase } from '../../../shared/testing/database.ts';
import type { AuthDeps } from '../deps.ts';
import { definition } from '../handler.ts';
import { openSession } from '../sessions/open-session.ts';
import { testAuthDeps } from '../testing-deps.ts';
import { createClient, type NewClient } from './store/clients.ts';

export const REDIRECT_URI = 'https://app.test/callback?from=bourse';
export const VERIFIER = 'v'.repeat(43);
const OPERATOR = { actor: 'tester', reason: 'a test' };

/** A client and what it knows. */
export interface TestClient {
  readonly clientNumber: number;
  readonly id: string;
  readonly secret: string | null;
}

export interface TestOAuth {
  readonly database: TestDatabase;
  readonly deps: AuthDeps;
  /** Read by `deps.now`. */
  nowMs: number;
}

export async function openOAuth(): Promise<TestOAuth> {
  const database = await createTestDatabase();
  const pool = database.poolFor('bourse_auth', 8);
  const now = () => opened.nowMs;
  const opened: TestOAuth = {
    database,
    nowMs: Date.parse('2026-11-28T12:00:00Z'),
    deps: testAuthDeps(pool, now),
  };
  return opened;
}

/** An active user, in a session of now. */
export async function signIn(oauth: TestOAuth): Promise<Caller> {
  const made = await oauth.database.pool.query<{ userNumber: number }>(
    `INSERT INTO users.users (email_sealed, email_index, email_verified_at, status)
     VALUES ('s1.test.auth-opens-none', sha256(uuid_send(gen_random_uuid())), clock_timestamp(),
       'active')
     RETURNING user_number AS "userNumber"`,
  );
  const userNumber = made.rows[0]?.userNumber ?? 0;
  return signInAgain(oauth, userNumber);
}

export async function signInAgain(oauth: TestOAuth, userNumber: number): Promise<Caller> {
  const amr = ['pwd', 'otp'] as const;
  const signedIn = { userNumber, amr, address: null, userAgent: null };
  const { sessionId } = await openSession(oauth.deps.pool, signedIn, oauth.nowMs);
  return { ...sessionCaller(userNumber), credentialId: sessionId, userId: userId(userNumber) };
}

export function sessionNumberOf(caller: Caller): number {
  return parseSessionId(caller.credentialId) ?? 0;
}

export async function makeClient(
  oauth: TestOAuth,
  kind: 'public' | 'confidential' | { readonly institutionOf: number },
  change: Partial<NewClient> = {},
): Promise<TestClient> {
  const secret = kind === 'public' ? null : drawSecret('bcs');
  const userNumber = typeof kind === 'string' ? null : kind.institutionOf;
  const client: NewClient = {
    name: 'App',
    redirectUris: userNumber === null ? [REDIRECT_URI] : [],
    scopes: ['read', 'trade'],
    secretHash: secret === null ? null : hashSecret(secret),
    userNumber,
    ...change,
  };
  const clientNumber = await createClient(oauth.deps.pool, client, OPERATOR);
  return { clientNumber, id: clientId(clientNumber), secret };
}

export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

export function authorize(
  { deps }: TestOAuth,
  caller: Caller | undefined,
  client: TestClient,
  change: Readonly<Record<string, unknown>> = {},
): Promise<CallAnswer> {
  const body = {
    clientId: client.id,
    redirectUri: REDIRECT_URI,
    scope: 'read trade',
    codeChallenge: challengeOf(VERIFIER),
    codeChallengeMethod: 'S256',
    ...change,
  };
  return callFunction(definition, deps, {
    method: 'POST',
    path: '/v1/oauth/authorizations',
    body,
    ...(caller === undefined ? {} : { caller }),
  });
}

/** The code in an answer of `authorize`. */
export function codeIn(answer: CallAnswer): string {
  const { redirectTo } = answer.body as { readonly redirectTo: string };
  return new URL(redirectTo).searchParams.get('code') ?? '';
}

export type Fields = Readonly<Record<string, string>>;

export interface Sending {
  readonly headers?: Fields;
  /** Instead of the encoded fields. */
  readonly rawBody?: string;
}

export function post(
  { deps }: TestOAuth,
  endpoint: 'token' | 'revoke' | 'introspect',
  fields: Fields,
  { headers = {}, rawBody }: Sending = {},
): Promise<CallAnswer> {
  return callFunction(definition, deps, {
    method: 'POST',
    path: `/v1/oauth/${endpoint}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    rawBody: rawBody ?? new URLSearchParams(fields).toString(),
  });
}

/** Id and secret in the form. */
export function credentialsOf({ id, secret }: TestClient): Fields {
  return { client_id: id, ...(secret === null ? {} : { client_secret: secret }) };
}

export function basic(id: string, secret: string): Fields {
  const text = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

export function exchange(
  oauth: TestOAuth,
  client: TestClient,
  code: string,
  change: Fields = {},
): Promise<CallAnswer> {
  return post(oauth, 'token', {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    ...credentialsOf(client),
    ...change,
  });
}

export function refresh(
  oauth: TestOAuth,
  client: TestClient,
  token: string,
  change: Fields = {},
): Promise<CallAnswer> {
  const fields = { grant_type: 'refresh_token', refresh_token: token };
  return post(oauth, 'token', { ...fields, ...credentialsOf(client), ...change });
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
  readonly scope: string;
  /** The grant, as the access token names it. */
  readonly sid: string;
}

export function tokensIn({ body }: CallAnswer): Tokens {
  const given = body as Fields;
  const access = given['access_token'] ?? '';
  const { sid = '' } = claimsOf(access) as Fields;
  return { access, refresh: given['refresh_token'] ?? '', scope: given['scope'] ?? '', sid };
}

/** What a token says, unchecked. */
export function claimsOf(token: string): unknown {
  const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}';
  return JSON.parse(text) as unknown;
}

/** A client that a user has let in, with its first tokens. */
export async function letIn(
  oauth: TestOAuth,
  caller: Caller,
  client: TestClient,
  scope: readonly Scope[] = ['read', 'trade'],
): Promise<Tokens> {
  const agreed = await authorize(oauth, caller, client, { scope: scope.join(' ') });
  return tokensIn(await exchange(oauth, client, codeIn(agreed)));
}

/** Credentials that were revoked, as every process reads them. */
export async function revoked({ database }: TestOAuth): Promise<readonly string[]> {
  const result = await database.pool.query<{ id: string }>(
    `SELECT credential_id AS id FROM auth.revocations WHERE kind = 'credential'
     ORDER BY revocation_number`,
  );
  return result.rows.map(({ id }) => id);
}

/** What mails tell a user, oldest first. */
export async function mailsTo(
  { database, deps }: TestOAuth,
  { userId: to }: Caller,
): Promise<unknown[]> {
  const rows = await database.pool.query<{ value: string }>(
    `SELECT value FROM users.outbox WHERE key = $1 ORDER BY id`,
    [to],
  );
  return rows.rows.map(({ value }) => {
    const { id, template, sealed } = mailRequestedSchema.parse(JSON.parse(value));
    const content = unseal(deps.mailRing, mailPlace(id), sealed).toString();
    return { template, values: sealedMailSchema.parse(JSON.parse(content)).values };
  });
}

/** Why a grant ended; null while it has not. */
export async function endOf({ database }: TestOAuth, sid: string): Promise<string | null> {
  const result = await database.pool.query<{ reason: string | null }>(
    `SELECT end_reason AS reason FROM auth.grants
     WHERE 'grt_' || lpad(grant_number::text, 16, '0') = $1`,
    [sid],
  );
  return result.rows[0]?.reason ?? null;
}
