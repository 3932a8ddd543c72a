// Examples of API keys, for the OpenAPI page; a test holds them to the schemas that they belong to.

const PUBLIC_KEY = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';

const KEY = {
  id: 'key_0000000000000005',
  label: 'bot',
  type: 'ed25519',
  userId: 'usr_0000000000000007',
  publicKey: PUBLIC_KEY,
  scopes: ['read', 'trade'],
  markets: ['BTC-USD'],
  addresses: ['192.0.2.0/24'],
  createdAt: '2026-01-31T12:00:00.000Z',
  expiresAt: null,
  lastUsedAt: null,
} as const;

export const MAKE_KEYS = [
  {
    label: 'bot',
    type: 'ed25519',
    publicKey: PUBLIC_KEY,
    scopes: ['read', 'trade'],
    markets: ['BTC-USD'],
    addresses: ['192.0.2.0/24'],
  },
  { label: 'reader', type: 'hmac', expiresAt: '2026-03-31T00:00:00Z' },
];

export const MADE_KEYS = [{ ...KEY, secret: null }];
export const KEY_LISTS = [{ items: [KEY] }];
export const DELETED_KEYS = [{ id: KEY.id }];
