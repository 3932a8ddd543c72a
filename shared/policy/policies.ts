// The policy of every route of every function: what is not here is served to nobody. The functions,
// the OpenAPI page and the matrix of callers and routes (test/e2e) all read this table.
import { cancels, manages, open, reads, signsIn, staffs, trades, type Policy } from './policy.ts';

export const POLICIES: Readonly<Record<string, Policy>> = {
  // api
  'GET /v1/openapi.json': open({ weight: 5 }),
  'GET /docs': open({ weight: 5 }),

  // market-data
  'GET /v1/assets': open(),
  'GET /v1/markets': open(),
  'GET /v1/markets/{market}': open(),
  'GET /v1/markets/{market}/auction': open(),
  'GET /v1/markets/{market}/book': open({ weight: 5 }),
  'GET /v1/markets/{market}/trades': open({ weight: 5 }),

  // orders
  'POST /v1/orders': trades(),
  'POST /v1/orders/test': trades({ quota: 'read', replayGuarded: false }),
  'POST /v1/orders/batch': trades({ weight: 10 }),
  'PATCH /v1/orders/{id}': trades(),
  'POST /v1/orders/{id}/replace': trades({ weight: 2 }),
  'POST /v1/order-lists': trades({ weight: 2 }),
  'DELETE /v1/orders': cancels(),
  'DELETE /v1/orders/{id}': cancels(),
  'DELETE /v1/orders/by-client-id/{clientOrderId}': cancels(),
  'DELETE /v1/order-lists/{id}': cancels(),
  'POST /v1/orders/batch-cancel': cancels({ weight: 5 }),
  'POST /v1/orders/cancel-all-after': cancels(),
  'GET /v1/orders': reads({ weight: 5 }),
  'GET /v1/orders/{id}': reads(),
  'GET /v1/orders/client/{clientOrderId}': reads(),
  'GET /v1/orders/by-client-id/{clientOrderId}': reads(),
  'GET /v1/order-lists': reads({ weight: 5 }),
  'GET /v1/order-lists/{id}': reads(),
  'GET /v1/trades': reads({ weight: 5 }),
  'GET /v1/prevented-matches': reads({ weight: 5 }),

  // ledger
  'GET /v1/balances': reads(),
  'GET /v1/ledger/entries': reads({ weight: 5 }),

  // fees
  'GET /v1/fees': reads(),
  'GET /v1/fees/preview': reads(),

  // risk
  'GET /v1/risk/limits': reads({ weight: 5 }),

  // users
  'POST /v1/users': signsIn(),
  'POST /v1/users/verify-email': signsIn(),
  'POST /v1/users/password-resets': signsIn(),
  'POST /v1/users/password-resets/confirm': signsIn(),
  'POST /v1/users/email-changes/confirm': signsIn(),
  'POST /v1/users/email-changes/cancel': signsIn(),
  'GET /v1/users/me': reads(),
  'PATCH /v1/users/me': manages({ stepUp: true }),
  'DELETE /v1/users/me': manages({ stepUp: true }),
  'PUT /v1/users/me/password': manages({ stepUp: true }),
  'POST /v1/users/me/email': manages({ stepUp: true }),
  'GET /v1/users/me/sub-accounts': reads(),
  'POST /v1/users/me/sub-accounts': manages(),
  'GET /v1/users/me/transfers': reads(),
  // Which keys may is for the handler: it knows whose they are.
  'POST /v1/users/me/transfers': trades({ quota: 'account' }),
  'GET /v1/users/me/export': manages({ weight: 10 }),

  // auth: sign-in, sessions, tokens
  'POST /v1/auth/sign-in': signsIn({ bodyBytesMax: 8_192 }),
  'POST /v1/auth/access-tokens': open(),
  'GET /v1/auth/sessions': manages(),
  'DELETE /v1/auth/sessions': manages(),
  'DELETE /v1/auth/sessions/current': open(),
  'DELETE /v1/auth/sessions/{id}': manages(),
  'GET /.well-known/jwks.json': open(),

  // auth: OAuth. Clients prove themselves with 256 random bits: a cost, not a guess, is limited.
  'GET /.well-known/oauth-authorization-server': open(),
  'POST /v1/oauth/authorizations': manages(),
  'POST /v1/oauth/token': open({ weight: 5 }),
  'POST /v1/oauth/revoke': open({ weight: 5 }),
  'POST /v1/oauth/introspect': open({ weight: 5 }),
  'GET /v1/oauth/grants': manages(),
  'DELETE /v1/oauth/grants/{id}': manages(),

  // auth: factors
  'POST /v1/auth/sign-in/factor': signsIn(),
  'POST /v1/auth/sign-in/passkey/options': signsIn(),
  'GET /v1/auth/factors': manages(),
  'DELETE /v1/auth/factors/{id}': manages({ stepUp: true }),
  'POST /v1/auth/factors/totp': manages({ stepUp: 'with_factor' }),
  'POST /v1/auth/factors/totp/confirm': manages(),
  'POST /v1/auth/factors/passkeys/options': manages({ stepUp: 'with_factor' }),
  'POST /v1/auth/factors/passkeys': manages(),
  'POST /v1/auth/factors/recovery-codes': manages({ stepUp: true }),
  'POST /v1/auth/step-ups': manages(),
  'POST /v1/auth/step-ups/passkey/options': manages(),
  'GET /v1/auth/holds': manages(),

  // auth: API keys
  'POST /v1/api-keys': manages({ stepUp: true }),
  'GET /v1/api-keys': manages(),
  'DELETE /v1/api-keys/{id}': manages(),

  // admin: sign-in of staff
  'POST /v1/admin/enrolments/options': signsIn(),
  'POST /v1/admin/enrolments': signsIn(),
  'POST /v1/admin/sign-in/options': signsIn(),
  'POST /v1/admin/sign-in': signsIn(),
  'DELETE /v1/admin/sessions/current': staffs(),
  'GET /v1/admin/passkeys': staffs(),
  'POST /v1/admin/passkeys/options': staffs(),
  'POST /v1/admin/passkeys': staffs(),

  // admin
  'GET /v1/admin/me': staffs(),
  'GET /v1/admin/audit': staffs({ weight: 5 }),
  'GET /v1/admin/requests': staffs({ weight: 5 }),
  'GET /v1/admin/requests/{id}': staffs(),
  'POST /v1/admin/requests': staffs(),
  'POST /v1/admin/requests/{id}/approve': staffs(),
  'POST /v1/admin/requests/{id}/reject': staffs(),
};

/** Throws for a route that the table does not know: a function with one must not start. */
export function policyOf(method: string, path: string): Policy {
  const name = `${method} ${path}`;
  const policy = Object.hasOwn(POLICIES, name) ? POLICIES[name] : undefined;
  if (policy === undefined) throw new Error(`${name} has no policy (shared/policy/policies.ts)`);
  return policy;
}
