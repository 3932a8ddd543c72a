// Examples of what staff ask for and are told, for the OpenAPI page; a test holds them to the
// schemas that they belong to.

const USER = 'usr_0000000000000007';
const REASON = 'ticket 4711: the owner has reported a theft';
const HASH = '6f1ed002ab5595859014ebf0951522d9c7f1f0b6c5a9d3f8b1e6a7c4d2e0f913';

export const ASKED = [
  { action: 'users.suspend', payload: { userId: USER }, reason: REASON },
  {
    action: 'limits.change',
    payload: { userId: null, scope: 'BTC-USD', name: 'order_quantity_max', value: '100' },
    reason: 'the market is thin this week',
  },
  {
    action: 'balances.credit',
    payload: { userId: USER, asset: 'USD', amount: '12.50', ticket: '4712' },
    reason: 'a fee that was taken twice',
  },
];
export const APPROVED = [{ payloadSha256: HASH }];
export const REJECTED = [{ reason: 'not by this ticket' }];

export const REQUESTS = [
  {
    id: 'apr_0000000000000003',
    action: 'users.suspend',
    payload: { userId: USER },
    payloadSha256: HASH,
    reason: REASON,
    status: 'pending',
    maker: 'stf_0000000000000002',
    checker: null,
    createdAt: '2026-01-31T12:00:00.000Z',
    expiresAt: '2026-02-01T12:00:00.000Z',
    decidedAt: null,
  },
];

export const STAFF = [
  {
    staffId: 'stf_0000000000000002',
    name: 'Grace',
    isBreakGlass: false,
    roles: ['support'],
    permissions: ['users.suspend'],
  },
];

export const AUDIT_RECORDS = [
  {
    stream: 'admin',
    sequence: 41,
    recordedAt: '2026-01-31T12:05:00.000Z',
    hash: HASH,
    actor: { kind: 'staff', id: 'stf_0000000000000004' },
    action: 'users.suspend',
    subject: USER,
    before: { status: 'active' },
    after: { status: 'suspended' },
    reason: REASON,
    requestId: 'apr_0000000000000003',
  },
];
