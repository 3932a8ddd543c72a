// The ledger function: own balances and own postings, read only.
import {
  createPool,
  SERVICE_STATEMENT_TIMEOUT_MS,
  type Pool,
  type Tx,
} from '../../shared/db/pool.ts';
import { readAsOwner } from '../../shared/db/read-as-owner.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import type { UserId } from '../../shared/domain/ids.ts';
import { defineFunction, route } from '../../shared/function/definition.ts';
import { assertKnown } from '../../shared/function/known-caller.ts';
import { listPage } from '../../shared/http/list.ts';
import { presentBalance, presentPosting } from './decide.ts';
import { balanceListAnswer, entriesQuery, entryListAnswer, noQuery } from './schema.ts';
import { listBalances, listPostings, type PostingPosition } from './store.ts';

const CONNECTIONS_MAX = 4;

export interface LedgerDeps {
  readonly pool: Pool;
}

export const definition = defineFunction<LedgerDeps>({
  name: 'ledger',
  routes: [
    route({
      method: 'GET',
      path: '/v1/balances',
      summary: 'Own balances: what is available, what open orders hold, and the total.',
      query: noQuery,
      answers: { 200: balanceListAnswer },
      refusals: [],
      handle: async (request, deps: LedgerDeps) => {
        const rows = await asCaller(request, deps, listBalances);
        return { status: 200, body: { items: rows.map(presentBalance) } };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/ledger/entries',
      summary: 'Own postings, newest first: every change of a total, with the balance after it.',
      query: entriesQuery,
      answers: { 200: entryListAnswer },
      refusals: [],
      handle: async (request, deps: LedgerDeps) => {
        const { asset, limit, cursor } = request.query;
        const page = {
          asset: asset ?? null,
          below: cursor === undefined ? null : toPosition(cursor),
          rowsMax: limit + 1,
        };
        const rows = await asCaller(request, deps, (tx, user) => listPostings(tx, user, page));
        const body = listPage(rows, limit, presentPosting, (row) => [row.entry, row.leg]);
        return { status: 200, body };
      },
    }),
  ],
  events: [],
  connect: (environment) => {
    const pool = createPool({
      url: environment.get('DATABASE_URL'),
      applicationName: 'ledger',
      connectionsMax: CONNECTIONS_MAX,
      statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
      onError: (error) => environment.log.warn({ err: error }, 'idle connection lost'),
    });
    return Promise.resolve({ pool });
  },
  close: (deps) => deps.pool.end(),
  isReady: async (deps) => {
    await deps.pool.query('SELECT 1');
    return true;
  },
});

function asCaller<Result>(
  { caller }: { readonly caller: Caller | null },
  deps: LedgerDeps,
  read: (tx: Tx, user: UserId) => Promise<Result>,
): Promise<Result> {
  assertKnown(caller);
  const { userId, userNumber: ownerNumber } = caller;
  return readAsOwner(deps.pool, { role: 'bourse_ledger_own', ownerNumber }, (tx) =>
    read(tx, userId),
  );
}

/** The schema has checked that both are whole numbers. */
function toPosition(cursor: readonly (string | number)[]): PostingPosition {
  return { entry: Number(cursor[0]), leg: Number(cursor[1]) };
}
