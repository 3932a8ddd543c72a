// What comes from clients, before any of it is looked up: forms, credentials, URIs, verifiers.
import { describe, expect, it } from 'vitest';
import { clientId } from '../../../shared/domain/ids.ts';
import { FORM_BYTES_MAX, readForm } from './form.ts';
import { judgeRefusedToken, REUSE_GRACE_MS } from './judge-refused-token.ts';
import { OAuthError } from './oauth-error.ts';
import { fitsChallenge, isVerifier } from './pkce.ts';
import { readCredentials } from './read-credentials.ts';
import { addToRedirect, findRedirectFault } from './redirect-uri.ts';
import { readScopes } from './scopes.ts';
import { describeServer } from './server-metadata.ts';

const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

function form(text: string, headers: Readonly<Record<string, string>> = FORM_TYPE) {
  return readForm({ headers, rawBody: Buffer.from(text) });
}

describe('a form is refused', () => {
  it.each([
    ['without its type', 'a=1', {}],
    ['as JSON', '{}', { 'content-type': 'application/json' }],
    ['in Latin 1', 'a=1', { 'content-type': `${FORM_TYPE['content-type']}; charset=iso-8859-1` }],
    ['with a parameter twice', 'a=1&b=2&a=1', FORM_TYPE],
    ['with a parameter twice, once escaped', 'a=1&%61=2', FORM_TYPE],
    ['with a parameter twice, once empty', 'a=1&a=', FORM_TYPE],
    ['with half an escape', 'a=%4', FORM_TYPE],
    ['with an escaped zero', 'a=%00', FORM_TYPE],
    ['with what is not UTF-8', 'a=%ff', FORM_TYPE],
    ['with characters that are not escaped', 'a=ü', FORM_TYPE],
    ['with a line break', 'a=1\r\n', FORM_TYPE],
    ['that is too long', `a=${'1'.repeat(FORM_BYTES_MAX)}`, FORM_TYPE],
    ['with too many parameters', Array.from({ length: 40 }, (_, at) => `p${at}=1`).join('&')],
  ] as const)('%s', (_name, text, headers = FORM_TYPE) => {
    const read = form(text, headers);
    expect(read).toBeInstanceOf(OAuthError);
    expect(read).toMatchObject({ error: 'invalid_request' });
  });
});

describe('a form', () => {
  it('is decoded once, and what is empty is not there', () => {
    expect(form('a=1+2%2B%2525&b=&c')).toEqual({ a: '1 2+%25' });
    const utf8 = { 'content-type': `${FORM_TYPE['content-type']};charset=UTF-8` };
    expect(form('a=%C3%BC', utf8)).toEqual({ a: 'ü' });
  });
});

const ID = clientId(7);

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

describe('credentials are refused', () => {
  it.each([
    ['that are not there', undefined, {}, 'invalid_client'],
    ['of no client id', undefined, { client_id: 'app' }, 'invalid_client'],
    ['of another kind', 'Bearer abc', { client_id: ID }, 'invalid_client'],
    ['in no base64', 'Basic ???', {}, 'invalid_client'],
    ['without a colon', basic(ID), {}, 'invalid_client'],
    ['badly escaped', basic(`${ID}:%zz`), {}, 'invalid_client'],
    ['that are endless', `Basic ${'A'.repeat(2_000)}`, {}, 'invalid_client'],
    ['in two ways', basic(`${ID}:s`), { client_id: ID, client_secret: 's' }, 'invalid_request'],
    ['of two clients', basic(`${ID}:s`), { client_id: clientId(8) }, 'invalid_request'],
  ])('%s', (_name, authorization, fields, error) => {
    expect(readCredentials(authorization, fields)).toMatchObject({ error });
  });
});

describe('credentials', () => {
  it('are taken from the header or the form', () => {
    const known = { clientNumber: 7, secret: 'a b:c%' };
    expect(readCredentials(basic(`${ID}:a+b%3Ac%25`), {})).toEqual(known);
    expect(readCredentials(basic(`${ID}:a%20b:c%25`), { client_id: ID })).toEqual(known);
    const inForm = { client_id: ID, client_secret: 'a b:c%' };
    expect(readCredentials(undefined, inForm)).toEqual(known);
    expect(readCredentials(undefined, { client_id: ID })).toEqual({ ...known, secret: null });
  });
});

describe('a redirect URI is refused', () => {
  it.each([
    '',
    '/callback',
    'http://app.test/callback',
    'https://app.test/#here',
    'https://app.test/#',
    'https://*.app.test/',
    'https://a@app.test/',
    'https://app.test/ü',
    'https://app.test/a b',
    'javascript:alert(1)',
    'data:text/html,x',
    'app:/callback',
    'http://127.0.0.1.evil.test/',
    `https://app.test/${'a'.repeat(500)}`,
  ])('%s', (uri) => {
    expect(findRedirectFault(uri)).not.toBeNull();
  });
});

describe('a redirect URI', () => {
  it.each([
    'https://app.test/callback?a=1',
    'com.example.app:/callback',
    'http://127.0.0.1:4711/callback',
    'http://[::1]/callback',
  ])('may be %s', (uri) => {
    expect(findRedirectFault(uri)).toBeNull();
  });

  it('keeps its own query as it is', () => {
    const answer = { code: 'c', state: 'a&b=c d' };
    const added = 'code=c&state=a%26b%3Dc+d';
    expect(addToRedirect('https://a.test/?x=%20', answer)).toBe(`https://a.test/?x=%20&${added}`);
    expect(addToRedirect('app.test:/cb', answer)).toBe(`app.test:/cb?${added}`);
  });
});

describe('PKCE', () => {
  it('takes verifiers of 43 to 128 unreserved characters', () => {
    expect(isVerifier('a'.repeat(42))).toBe(false);
    expect(isVerifier('a'.repeat(129))).toBe(false);
    expect(isVerifier(`${'a'.repeat(43)}+`)).toBe(false);
    expect(isVerifier(`${'a'.repeat(43)}\n`)).toBe(false);
    expect(isVerifier('aZ0-._~'.repeat(7))).toBe(true);
    expect(isVerifier('a'.repeat(128))).toBe(true);
  });

  it('is that of RFC 7636, appendix B', () => {
    const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
    expect(fitsChallenge(verifier, challenge)).toBe(true);
    expect(fitsChallenge(`${verifier}a`, challenge)).toBe(false);
    // Not method "plain": the challenge is no verifier.
    expect(fitsChallenge(challenge, challenge)).toBe(false);
    expect(fitsChallenge(verifier, 'short')).toBe(false);
  });
});

describe('scopes', () => {
  it.each(['', 'admin', 'read admin', 'withdraw', 'read  trade', ' read', 'READ', 'read,trade'])(
    'are refused: "%s"',
    (text) => expect(readScopes(text, ['read', 'trade'])).toBeNull(),
  );

  it('are given in our order, each once', () => {
    expect(readScopes('trade read trade', ['read', 'trade'])).toEqual(['read', 'trade']);
  });
});

describe('C7: a refresh token that is not taken', () => {
  const nowMs = 1_000_000;
  const unused = {
    clientNumber: 1,
    usedAt: null,
    expiresAt: new Date(nowMs + 1),
    grantLives: true,
  };
  const used = (ago: number) => ({ ...unused, usedAt: new Date(nowMs - ago) });

  it.each([
    ['is unknown', null, 'over'],
    ['is of another client', { ...used(REUSE_GRACE_MS + 1), clientNumber: 2 }, 'over'],
    ['is of a grant that ended', { ...used(REUSE_GRACE_MS + 1), grantLives: false }, 'over'],
    ['has expired', { ...unused, expiresAt: new Date(nowMs) }, 'over'],
    ['was used at this moment', used(0), 'raced'],
    ['was used by an instance whose clock is ahead', used(-500), 'raced'],
    ['was used ten seconds ago', used(REUSE_GRACE_MS), 'raced'],
    ['was used longer ago', used(REUSE_GRACE_MS + 1), 'stolen'],
    ['was used and has expired', { ...used(20_000), expiresAt: new Date(1) }, 'stolen'],
    ['is good: too much was asked', unused, 'scope'],
  ] as const)('%s', (_name, token, verdict) => {
    expect(judgeRefusedToken(token, 1, nowMs)).toBe(verdict);
  });
});

describe('the metadata of the server', () => {
  it('stands below the issuer, with or without a slash at its end', () => {
    expect(describeServer('https://a.test/').token_endpoint).toBe('https://a.test/v1/oauth/token');
    expect(describeServer('https://a.test').jwks_uri).toBe('https://a.test/.well-known/jwks.json');
  });
});
