// The ledger function: own balances and own postings, read only.
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS, type Pool } from '../../shared/db/pool.ts';
import { assert } from '../../shared/domain/failure.ts';
import type { Caller } from '../../shared/domain/caller.ts';
import { defineFunction, route } from '../../shared/function/definition.ts';
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
        const rows = await listBalances(deps.pool, known(request.caller).userId);
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
        const rows = await listPostings(deps.pool, known(request.caller).userId, {
          asset: asset ?? null,
          below: cursor === undefined ? null : toPosition(cursor),
          rowsMax: limit + 1,
        });
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

function known(caller: Caller | null): Caller {
  assert(caller !== null, 'the route has access "user"');
  return caller;
}

/** The schema has checked that both are whole numbers. */
function toPosition(cursor: readonly (string | number)[]): PostingPosition {
  return { entry: Number(cursor[0]), leg: Number(cursor[1]) };
}
