// The settlement function: engine records in, ledger entries and releases out.
import type { Logger } from 'pino';
import { assertDurable, UNSAFE_VARIABLE } from '../../shared/db/durability.ts';
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS, type Pool } from '../../shared/db/pool.ts';
import type { Executions } from '../../shared/events/executions.ts';
import { Batcher } from '../../shared/function/batcher.ts';
import { defineFunction, onEvent } from '../../shared/function/definition.ts';
import { settleBatch } from './settle-batch.ts';

/** Most outputs of one batch; each packs what one engine batch did to one market. */
const BATCH_RECORDS_MAX = 64;
/** A record packs what a batch of the engine did; more gather while both writers are at work. */
const LINGER_MS = 0;
/** Records waiting for a batch; the next is answered 503 and delivered again. */
const QUEUE_RECORDS_MAX = 1_024;
/**
 * While one batch is in the database, the next is prepared and its events are recorded: measured,
 * two write 1.7 times what one does. More only wait for each other's balances.
 */
const WRITERS = 2;
/** One more connection for readiness and stops. */
const CONNECTIONS_MAX = WRITERS + 1;

export interface SettlementDeps {
  readonly pool: Pool;
  readonly batcher: Batcher<Executions, 'settled'>;
}

export function openSettlement(pool: Pool, log: Logger): SettlementDeps {
  const batcher = new Batcher<Executions, 'settled'>({
    batchMax: BATCH_RECORDS_MAX,
    lingerMs: LINGER_MS,
    queueMax: QUEUE_RECORDS_MAX,
    parallel: WRITERS,
    retryAlone: true,
    run: (records) => settleBatch(pool, log, records),
  });
  return { pool, batcher };
}

export const definition = defineFunction<SettlementDeps>({
  name: 'settlement',
  routes: [],
  events: [
    onEvent('executions', async (delivered, deps) => {
      await deps.batcher.submitAllOrThrow(delivered.data.outputs);
    }),
  ],
  connect: async (environment) => {
    const { log } = environment;
    const pool = createPool({
      url: environment.get('DATABASE_URL'),
      applicationName: 'settlement',
      connectionsMax: CONNECTIONS_MAX,
      statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
      onError: (error) => log.warn({ err: error }, 'idle connection lost'),
    });
    await assertDurable(pool, environment.find(UNSAFE_VARIABLE), log);
    return openSettlement(pool, log);
  },
  close: async (deps) => {
    await deps.batcher.close();
    await deps.pool.end();
  },
  isReady: async (deps) => {
    await deps.pool.query('SELECT 1');
    return true;
  },
});
