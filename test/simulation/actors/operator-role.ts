// The operator: opens the markets, and halts or resumes them when told.
import { Outbox } from '../../../shared/bus/outbox.ts';
import type { Pool } from '../../../shared/db/pool.ts';
import type { MarketStatus } from '../../../shared/domain/market.ts';
import { applyMarket, applyStatus } from '../../../shared/markets/market-store.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { MARKETS } from './markets.ts';
import type { Parts } from './parts.ts';
import type { SimulatedProcess } from '../world/process.ts';
import { Role } from './role.ts';

const CONNECTIONS_MAX = 2;
const RESTART_MS_MAX = 500;
const RETRY_MS = 50;

export interface Operator {
  readonly role: Role;
  /** True once every market was opened. */
  isDone(): boolean;
  /** Tries once; what fails in chaos is tried again by the healing. */
  setStatus(market: `${string}-${string}`, status: MarketStatus): void;
}

export function operatorRole(parts: Parts): Operator {
  const { world } = parts;
  let at: { readonly pool: Pool; readonly outbox: Outbox } | null = null;
  let isDone = false;
  const boot = async (process: SimulatedProcess): Promise<void> => {
    at = null;
    const pool = parts.openPool(process, CONNECTIONS_MAX);
    const bus = parts.openBus(process);
    const outbox = new Outbox({ pool, schema: 'reference', bus, log: silentLogger() });
    outbox.startSweeper();
    for (const { description } of MARKETS) {
      if (!isDone) await untilItWorks(parts, process, () => applyMarket(pool, outbox, description));
    }
    at = { pool, outbox };
    isDone = true;
  };
  const role = new Role(world, { name: 'operator', restartMsMax: RESTART_MS_MAX, boot });
  return {
    role,
    isDone: () => isDone,
    setStatus: (market, status) => {
      const here = at;
      if (here === null || !role.process.isAlive) return;
      world.schedule(0, role.process, `${market} ${status}`, () => {
        applyStatus(here.pool, here.outbox, market, status).catch((error: unknown) =>
          world.note(`operator: ${String(error)}`),
        );
      });
    },
  };
}

async function untilItWorks(
  parts: Parts,
  process: SimulatedProcess,
  work: () => Promise<unknown>,
): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      parts.world.note(`operator: ${String(error)}`);
      await parts.world.wait(RETRY_MS, process, 'try again');
    }
  }
}
