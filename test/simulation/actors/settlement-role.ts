// An instance of the settlement function.
import { definition, openSettlement } from '../../../functions/settlement/handler.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import type { Parts } from './parts.ts';
import { Role } from './role.ts';

const CONNECTIONS_MAX = 2;
const RESTART_MS_MAX = 500;

export function settlementRole(parts: Parts, name: string): Role {
  return new Role(parts.world, {
    name,
    restartMsMax: RESTART_MS_MAX,
    boot: (process) => {
      const deps = openSettlement(parts.openPool(process, CONNECTIONS_MAX), silentLogger());
      parts.http.serve('settlement', process, definition, deps);
      return Promise.resolve();
    },
  });
}
