// Examples of what the users API takes and answers, for the OpenAPI page; a test holds them to the
// schemas that they belong to.

const EMAIL = 'ada@example.org';
const PASSWORD = 'seven winds over the hill';
const LINK = { token: 'bml_0Zk3vJ8xQm5tYw7RbN2sLc9hDf4gKa6pUe1iOoXyTzE' } as const;
const CREATED = '2026-01-31T12:00:00.000Z';

const ME = {
  userId: 'usr_0000000000000007',
  email: EMAIL,
  emailVerified: true,
  status: 'active',
  kycLevel: 1,
  language: 'en',
  antiPhishingCode: 'blue heron 12',
  createdAt: CREATED,
} as const;

export const SIGN_UP = [{ email: EMAIL, password: PASSWORD, language: 'en' }];
export const LINKS = [LINK];
export const RESET = [{ email: EMAIL }];
export const CONFIRM_RESET = [{ ...LINK, password: PASSWORD }];
export const CHANGE_PASSWORD = [{ currentPassword: PASSWORD, newPassword: 'nine ships at sea' }];
export const CHANGE_EMAIL = [{ email: 'ada@example.net' }];
export const PATCH_ME = [{ antiPhishingCode: 'blue heron 12' }, { antiPhishingCode: null }];
export const VERIFIED = [{ userId: ME.userId, status: 'active' }];
export const MES = [ME];

const SUB_ACCOUNT = {
  userId: 'usr_0000000000000108',
  label: 'market maker',
  createdAt: CREATED,
};
const MOVE = {
  from: 'usr_0000000000000007',
  to: SUB_ACCOUNT.userId,
  asset: 'USD',
  amount: '2500.00',
};
const TRANSFER = { id: 'tfr_0000000000000021', ...MOVE, createdAt: CREATED };

export const EXPORTS = [
  {
    user: ME,
    subAccounts: [{ userId: 'usr_0000000000000012', label: 'grid bot', createdAt: CREATED }],
    transfers: [TRANSFER],
    emailChanges: [],
    mails: [{ template: 'verify_email', requestedAt: CREATED }],
    sessions: [
      {
        id: 'ses_0000000000000031',
        createdAt: CREATED,
        lastUsedAt: '2026-01-31T12:10:00.000Z',
        endedAt: null,
        address: '192.0.2.17',
        userAgent: 'Mozilla/5.0',
      },
    ],
    balances: [{ userId: ME.userId, asset: 'BTC', total: '1.5', held: '0.5' }],
  },
];

export const MAKE_SUB_ACCOUNTS = [{ label: SUB_ACCOUNT.label }];
export const SUB_ACCOUNTS = [SUB_ACCOUNT];
export const SUB_ACCOUNT_LISTS = [
  {
    items: [
      {
        ...SUB_ACCOUNT,
        balances: [{ asset: 'USD', available: '2000.00', held: '500.00', total: '2500.00' }],
      },
    ],
  },
];
export const TRANSFERS_ASKED = [MOVE];
export const TRANSFERS = [TRANSFER];
