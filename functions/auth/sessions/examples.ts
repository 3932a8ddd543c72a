// Examples of signing in, for the OpenAPI page; a test holds them to the schemas that they belong
// to.

export const SIGN_IN = [{ email: 'ada@example.org', password: 'seven winds over the hill' }];

export const SIGNED_IN = {
  status: 'signed_in',
  sessionId: 'ses_0000000000000031',
  sessionToken: 'bst_0Zk3vJ8xQm5tYw7RbN2sLc9hDf4gKa6pUe1iOoXyTzE',
  expiresAt: '2026-02-01T00:00:00.000Z',
} as const;

export const SIGN_IN_ANSWERS = [
  SIGNED_IN,
  {
    status: 'factor_required',
    pendingToken: 'bpt_0Zk3vJ8xQm5tYw7RbN2sLc9hDf4gKa6pUe1iOoXyTzE',
    factors: ['totp', 'recovery_code'],
    expiresAt: '2026-01-31T12:05:00.000Z',
  },
];

export const ACCESS_TOKENS = [
  {
    accessToken: 'eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl',
    tokenType: 'Bearer',
    expiresInSeconds: 600,
  },
];

export const SESSION_LISTS = [
  {
    items: [
      {
        id: 'ses_0000000000000031',
        current: true,
        createdAt: '2026-01-31T12:00:00.000Z',
        lastUsedAt: '2026-01-31T12:10:00.000Z',
        address: '192.0.2.17',
        userAgent: 'Mozilla/5.0',
        amr: ['pwd', 'otp'],
      },
    ],
  },
];

export const ENDED = [{ ended: 1 }];
