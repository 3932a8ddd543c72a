// Examples of OAuth, for the OpenAPI page; a test holds them to the schemas that they belong to.

const CLIENT = 'cli_0000000000000002';
const ISSUER = 'https://auth.example.org';
const REFRESH_TOKEN = 'brt_0Zk3vJ8xQm5tYw7RbN2sLc9hDf4gKa6pUe1iOoXyTzE';
const CODE = 'bac_0Zk3vJ8xQm5tYw7RbN2sLc9hDf4gKa6pUe1iOoXyTzE';
const REDIRECT_URI = 'https://app.example.org/callback';

export const AUTHORIZATIONS = [
  {
    clientId: CLIENT,
    redirectUri: REDIRECT_URI,
    scope: 'read trade',
    state: 'af0ifjsldkj',
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    codeChallengeMethod: 'S256',
  },
];
export const AUTHORIZED = [{ redirectTo: `${REDIRECT_URI}?code=${CODE}&state=af0ifjsldkj` }];

export const TOKEN_FORMS = [
  {
    grant_type: 'authorization_code',
    code: CODE,
    redirect_uri: REDIRECT_URI,
    code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    client_id: CLIENT,
  },
  { grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN, client_id: CLIENT },
];
export const ONE_TOKEN_FORMS = [{ token: REFRESH_TOKEN, client_id: CLIENT }];

export const TOKENS = [
  {
    access_token: 'eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl',
    token_type: 'Bearer',
    expires_in: 600,
    scope: 'read trade',
    refresh_token: REFRESH_TOKEN,
  },
];
export const OAUTH_ERROR_EXAMPLES = [
  { error: 'invalid_grant', error_description: 'the code is unknown, used or too old' },
];

export const INTROSPECTIONS = [
  {
    active: true,
    client_id: CLIENT,
    iss: ISSUER,
    sub: 'usr_0000000000000007',
    scope: 'read',
    iat: 1_769_860_800,
    exp: 1_769_861_400,
    token_type: 'Bearer',
    sid: 'grt_0000000000000009',
  },
  { active: false },
];

export const SERVERS = [
  {
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/oauth/authorize`,
    token_endpoint: `${ISSUER}/v1/oauth/token`,
    revocation_endpoint: `${ISSUER}/v1/oauth/revoke`,
    introspection_endpoint: `${ISSUER}/v1/oauth/introspect`,
    jwks_uri: `${ISSUER}/.well-known/jwks.json`,
    scopes_supported: ['read', 'trade', 'withdraw'],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    revocation_endpoint_auth_methods_supported: ['none', 'client_secret_basic'],
    introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  },
];

export const GRANTS = [
  {
    id: 'grt_0000000000000009',
    clientId: CLIENT,
    clientName: 'Charts',
    scopes: ['read'],
    createdAt: '2026-01-31T12:00:00.000Z',
    lastUsedAt: '2026-01-31T12:10:00.000Z',
    expiresAt: '2026-03-02T12:00:00.000Z',
  },
];
