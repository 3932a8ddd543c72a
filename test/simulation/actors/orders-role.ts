// An instance of the orders function: its real dependencies, opened on simulated parts.
import { beginPublishing, definition, openOrders } from '../../../functions/orders/handler.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import type { Parts } from './parts.ts';
import { Role } from './role.ts';

const CONNECTIONS_MAX = 4;
const RESTART_MS_MAX = 500;
/** Low, so that it is reached. */
const OPEN_ORDERS_MAX = 12;

export function ordersRole(parts: Parts, name: string): Role {
  return new Role(parts.world, {
    name,
    restartMsMax: RESTART_MS_MAX,
    boot: async (process) => {
      const log = silentLogger();
      const deps = openOrders({
        pool: parts.openPool(process, CONNECTIONS_MAX),
        bus: parts.openBus(process),
        log,
        openOrdersMax: OPEN_ORDERS_MAX,
      });
      await beginPublishing(deps, log);
      parts.http.serve('orders', process, definition, deps);
    },
  });
}
