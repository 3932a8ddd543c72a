// Examples of factors, step-ups and holds, for the OpenAPI page; a test holds them to the schemas
// that they belong to.
import { MADE_PASSKEY, SHOWN_PASSKEY } from '../../../shared/passkeys/examples.ts';

const PENDING = 'bpt_0Zk3vJ8xQm5tYw7RbN2sLc9hDf4gKa6pUe1iOoXyTzE';
const UNTIL = '2026-01-31T12:05:00.000Z';
const CREATED = '2026-01-31T12:00:00.000Z';

const ACTION = {
  method: 'POST',
  path: '/v1/api-keys',
  bodySha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
} as const;

const RECOVERY_CODES = [
  ...['3f9a-1c5e-77b0-42d8-9e61-0ab4-c8d2-5f17', '81d0-6b2f-e94a-3c77-1f05-ad98-2e6c-b340'],
  ...['c47e-90b1-5da3-8f26-e21c-7b09-43fd-6a85', '0e52-fa7d-b816-94c3-5d80-31ef-a69b-72c4'],
  ...['6ab8-27f4-0cd9-e153-b76e-48a2-f01d-935c', 'd930-5e8b-a24f-7c16-08fb-e6d1-3a97-4b52'],
  ...['f215-b8c6-6e07-4d9a-a3f0-592e-d87c-10b4', '4c8d-e17a-93f5-b260-7a4e-0fc9-5b13-86d2'],
  ...['97e3-04bd-c85a-1f6e-d429-b7a0-6ef8-3c51', 'ab06-7f9c-2d41-e8b5-904d-c3f6-18ea-d57b'],
];

const FACTOR = {
  id: 'fct_0000000000000011',
  kind: 'passkey',
  name: 'laptop',
  createdAt: CREATED,
  lastUsedAt: null,
} as const;

export const SIGN_IN_FACTORS = [
  { pendingToken: PENDING, totp: '492039' },
  { pendingToken: PENDING, passkey: SHOWN_PASSKEY },
];
export const PENDINGS = [{ pendingToken: PENDING }];
export const SIGNED_IN = [
  {
    status: 'signed_in',
    sessionId: 'ses_0000000000000031',
    sessionToken: 'bst_0Zk3vJ8xQm5tYw7RbN2sLc9hDf4gKa6pUe1iOoXyTzE',
    expiresAt: '2026-02-01T00:00:00.000Z',
  },
];

export const PROVE = [{ action: ACTION, totp: '492039' }];
export const ACTIONS = [{ action: ACTION }];
export const STEP_UPS = [
  { stepUp: 'bsu_0Zk3vJ8xQm5tYw7RbN2sLc9hDf4gKa6pUe1iOoXyTzE', expiresAt: UNTIL },
];

export const CONFIRM_TOTP = [{ code: '492039' }];
export const TOTP_OFFERS = [
  {
    secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    uri: 'otpauth://totp/Bourse:ada%40example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  },
];

export const MAKE_PASSKEYS = [
  {
    name: 'laptop',
    response: MADE_PASSKEY,
  },
];
export const MADE_FACTORS = [{ ...FACTOR, recoveryCodes: RECOVERY_CODES }, FACTOR];
export const FACTOR_LISTS = [{ factors: [FACTOR], recoveryCodesLeft: 10 }];
export const RECOVERY = [{ recoveryCodes: RECOVERY_CODES }];

export const HOLDS = [
  {
    withdrawalsHeldUntil: '2026-02-01T12:00:00.000Z',
    holds: [{ kind: 'factor', startedAt: CREATED, until: '2026-02-01T12:00:00.000Z' }],
  },
];
