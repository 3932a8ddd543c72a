// The users function: people, their addresses and passwords, and what they are told by mail.
import { openBus } from '../../shared/bus/open-bus.ts';
import type { Bus } from '../../shared/bus/bus.ts';
import { Outbox } from '../../shared/bus/outbox.ts';
import { createPool, SERVICE_STATEMENT_TIMEOUT_MS, type Pool } from '../../shared/db/pool.ts';
import { defineFunction } from '../../shared/function/definition.ts';
import { BREACHED_FILE_VARIABLE, openBreachedList } from '../../shared/passwords/breached-list.ts';
import { createPasswordHasher } from '../../shared/passwords/hasher.ts';
import { readEmailKeys } from '../../shared/secrets/email.ts';
import { readKeyRing, SEALING_DIR_VARIABLE, type KeyRing } from '../../shared/secrets/key-ring.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { UsersDeps } from './deps.ts';
import { cancelEmail, changeEmail, confirmEmail } from './handler/email-routes.ts';
import { closeMe, exportMe, getMe, patchMe } from './handler/me-routes.ts';
import { changePassword, confirmReset, requestReset } from './handler/password-routes.ts';
import { getSubAccounts, makeSubAccount } from './handler/sub-account-routes.ts';
import { getTransfers, makeTransfer } from './handler/transfer-routes.ts';
import { signUp, verifyEmail } from './handler/sign-up-routes.ts';
import { forgetOld } from './store/close.ts';

const CONNECTIONS_MAX = 8;
const CLEANING_MS = 3_600_000;

/** For `connect`, and for tests that bring their own parts. */
export function openUsers(parts: {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly log: Logger;
  readonly mailRing: KeyRing;
  readonly emailKeys: UsersDeps['emailKeys'];
  readonly hasher: UsersDeps['hasher'];
  readonly isBreached: UsersDeps['isBreached'];
  readonly now?: () => number;
}): UsersDeps {
  const { pool, bus, log } = parts;
  const outbox = new Outbox({ pool, schema: 'users', bus, log });
  return { now: Date.now, ...parts, outbox, cleaning: null };
}

function startCleaning({ pool, now, log }: UsersDeps): NodeJS.Timeout {
  const clean = (): void => {
    forgetOld(pool, now()).catch((error: unknown) => {
      log.warn({ err: error }, 'what is too old could not be forgotten');
    });
  };
  return setInterval(clean, CLEANING_MS).unref();
}

export async function closeUsers(deps: UsersDeps): Promise<void> {
  if (deps.cleaning !== null) clearInterval(deps.cleaning);
  await deps.outbox.stop();
  await deps.bus.close();
  await deps.pool.end();
}

export const definition = defineFunction<UsersDeps>({
  name: 'users',
  routes: [
    signUp,
    verifyEmail,
    requestReset,
    confirmReset,
    changePassword,
    getMe,
    patchMe,
    closeMe,
    exportMe,
    changeEmail,
    confirmEmail,
    cancelEmail,
    makeSubAccount,
    getSubAccounts,
    makeTransfer,
    getTransfers,
  ],
  events: [],
  connect: (environment) => {
    const { log } = environment;
    const pool = createPool({
      url: environment.get('DATABASE_URL'),
      applicationName: 'users',
      connectionsMax: CONNECTIONS_MAX,
      statementTimeoutMs: SERVICE_STATEMENT_TIMEOUT_MS,
      onError: (error) => log.warn({ err: error }, 'idle connection lost'),
    });
    const sealingDir = environment.get(SEALING_DIR_VARIABLE);
    const deps = openUsers({
      pool,
      bus: openBus({ url: environment.get('BUS_URL'), applicationName: 'users', log }),
      log,
      mailRing: readKeyRing(sealingDir, 'mail'),
      emailKeys: readEmailKeys(sealingDir),
      hasher: createPasswordHasher(),
      isBreached: openBreachedList(environment.find(BREACHED_FILE_VARIABLE)),
    });
    deps.outbox.startSweeper();
    return Promise.resolve({ ...deps, cleaning: startCleaning(deps) });
  },
  close: closeUsers,
  isReady: async (deps) => {
    await deps.pool.query('SELECT 1');
    return true;
  },
});
