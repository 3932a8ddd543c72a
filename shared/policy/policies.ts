// The policy of every route of every function: what is not here is served to nobody. The functions,
// the OpenAPI page and the matrix of callers and routes (test/e2e) all read this table.
import { cancels, open, reads, staffs, trades, type Policy } from './policy.ts';

export const POLICIES: Readonly<Record<string, Policy>> = {
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
