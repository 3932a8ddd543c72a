// The entry of every function's process: one image, FUNCTION_TARGET picks. The only file that
// imports every function. `functions-framework --target=NAME --source=functions/main.ts` runs them
// too.
import { readConfig } from '../shared/config/environment.ts';
import { logLevelField } from '../shared/config/fields.ts';
import { hostable, type Hostable } from '../shared/function/hostable.ts';
import { isStartedFile, runFunctionProcess } from '../shared/function/process.ts';
import { createLogger } from '../shared/telemetry/logger.ts';
import { definition as admin } from './admin/handler.ts';
import { defineApi } from './api/handler.ts';
import { definition as auth } from './auth/handler.ts';
import { definition as fees } from './fees/handler.ts';
import { definition as ledger } from './ledger/handler.ts';
import { definition as marketData } from './market-data/handler.ts';
import { definition as notifications } from './notifications/handler.ts';
import { definition as orders } from './orders/handler.ts';
import { definition as risk } from './risk/handler.ts';
import { definition as settlement } from './settlement/handler.ts';
import { definition as users } from './users/handler.ts';

export const functions: readonly Hostable[] = [
  // One a line, in alphabetical order: `npm run new:function` adds to it.
  hostable(admin),
  hostable(defineApi(() => functions.map(({ facts }) => facts))),
  hostable(auth),
  hostable(fees),
  hostable(ledger),
  hostable(marketData),
  hostable(notifications),
  hostable(orders),
  hostable(risk),
  hostable(settlement),
  hostable(users),
];

if (isStartedFile(import.meta.url)) await runFunctionProcess(functions);
else registerAll();

/** Imported, not started: the functions framework's own command may be looking for a target. */
function registerAll(): void {
  for (const each of functions) {
    each.register(() => {
      const { LOG_LEVEL } = readConfig({ LOG_LEVEL: logLevelField.default('info') });
      return { log: createLogger({ service: each.facts.name, level: LOG_LEVEL }) };
    });
  }
}
