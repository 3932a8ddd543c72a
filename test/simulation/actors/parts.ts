// What every process of the simulated exchange is made with.
import type { Pool } from '../../../shared/db/pool.ts';
import { LogServer } from '../log/log-server.ts';
import { SimulatedBus } from '../log/simulated-bus.ts';
import { DatabaseServer } from '../store/database-server.ts';
import { LEDGER_STATEMENTS } from '../store/ledger-statements.ts';
import { LIST_STATEMENTS } from '../store/list-statements.ts';
import { ORDERS_STATEMENTS } from '../store/orders-statements.ts';
import { OUTBOX_STATEMENTS } from '../store/outbox-statements.ts';
import { PROJECTION_STATEMENTS } from '../store/projection-statements.ts';
import { REFERENCE_STATEMENTS } from '../store/reference-statements.ts';
import { SETTLEMENT_STATEMENTS } from '../store/settlement-statements.ts';
import { openSimulatedPool } from '../store/simulated-pool.ts';
import { WIDE_STATEMENTS } from '../store/wide-statements.ts';
import { Disk } from '../world/disk.ts';
import { Faults } from '../world/faults.ts';
import { Network } from '../world/network.ts';
import type { SimulatedProcess } from '../world/process.ts';
import { World } from '../world/world.ts';
import { TOPICS } from '../../../shared/events/catalog.ts';
import { Http } from './http.ts';

const STATEMENTS = [
  ...ORDERS_STATEMENTS,
  ...LIST_STATEMENTS,
  ...WIDE_STATEMENTS,
  ...PROJECTION_STATEMENTS,
  ...LEDGER_STATEMENTS,
  ...OUTBOX_STATEMENTS,
  ...SETTLEMENT_STATEMENTS,
  ...REFERENCE_STATEMENTS,
];

/** The world of one run: its time, its faults, its servers. */
export class Parts {
  readonly world: World;
  readonly faults: Faults;
  readonly network: Network;
  readonly log: LogServer;
  readonly database: DatabaseServer;
  readonly disk: Disk;
  readonly http: Http;

  constructor(seed: number, without: ReadonlySet<string>) {
    this.world = new World(seed);
    this.faults = new Faults(this.world.random, without);
    this.network = new Network(this.world, this.faults);
    this.log = new LogServer(this.world, Object.values(TOPICS));
    this.database = new DatabaseServer(this.world, this.faults, STATEMENTS);
    this.disk = new Disk(this.world, this.faults);
    this.http = new Http(this.world, this.network);
  }

  openBus(process: SimulatedProcess): SimulatedBus {
    const { world, faults, network, log: server } = this;
    return new SimulatedBus({ world, faults, network, server }, process);
  }

  openPool(process: SimulatedProcess, connectionsMax: number): Pool {
    const { world, faults, network, database: server } = this;
    return openSimulatedPool({ world, faults, network, server }, process, connectionsMax);
  }
}
