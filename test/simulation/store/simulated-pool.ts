// The connection pool of one process, with the methods of pg's that the exchange uses. A broken
// connection fails what it carries, and nobody learns what became of it.
import { Bundle } from '../../../shared/db/bundle.ts';
import type { Pool } from '../../../shared/db/pool.ts';
import type { Faults } from '../world/faults.ts';
import { ConnectionLost, type Network } from '../world/network.ts';
import type { SimulatedProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { DatabaseServer, QueryResult, Session } from './database-server.ts';
import { databaseError } from './statement.ts';

export const DATABASE = 'database';

export interface StoreWorld {
  readonly world: World;
  readonly faults: Faults;
  readonly network: Network;
  readonly server: DatabaseServer;
}

/** A statement as `query` takes it: its text, or an object with text and values. */
type StatementArgument = string | { readonly text: string; readonly values?: readonly unknown[] };

const NOT_QUERYABLE = 'Client has encountered a connection error and is not queryable';
const LABEL_CHARACTERS = 40;
/** How long the server keeps the transaction of a client that is gone without a word. */
const ORPHAN_MS_MAX = 2_000;

const labels = new Map<string, string>();

/** The beginning of a statement, for the trace. */
function labelOf(text: string): string {
  const known = labels.get(text);
  if (known !== undefined) return known;
  const label = `query ${text.slice(0, LABEL_CHARACTERS).replace(/\s+/g, ' ')}`;
  labels.set(text, label);
  return label;
}

class Connection {
  isBroken = false;
  readonly session: Session;
  #last: Promise<void> = Promise.resolve();
  readonly #at: StoreWorld;
  readonly #process: SimulatedProcess;
  readonly #release: (connection: Connection, broken: unknown) => void;

  constructor(
    at: StoreWorld,
    process: SimulatedProcess,
    session: Session,
    release: (connection: Connection, broken: unknown) => void,
  ) {
    this.#at = at;
    this.#process = process;
    this.session = session;
    this.#release = release;
  }

  /** Statements of one connection are carried out one after the other, in the order given. */
  query(statement: StatementArgument, parameters?: readonly unknown[]): Promise<QueryResult>;
  query(bundle: Bundle): void;
  query(
    statement: StatementArgument | Bundle,
    parameters?: readonly unknown[],
  ): Promise<QueryResult> | void {
    if (statement instanceof Bundle) return void this.#sendTogether(statement);
    const answer = this.#last.then(() => this.#send(statement, parameters));
    this.#last = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }

  /** Each by itself: where a connection breaks between two, a server has died between them. */
  async #sendTogether(bundle: Bundle): Promise<void> {
    const answered: (() => void)[] = [];
    try {
      for (const member of bundle.members) {
        const result = await this.query(member);
        answered.push(() => member.resolve({ ...result, rows: [...result.rows] }));
      }
      for (const answer of answered) answer();
    } catch (error) {
      bundle.drop(error);
    }
  }

  async #send(statement: StatementArgument, parameters?: readonly unknown[]): Promise<QueryResult> {
    const text = typeof statement === 'string' ? statement : statement.text;
    const values = parameters ?? (typeof statement === 'string' ? [] : (statement.values ?? []));
    if (this.isBroken) throw new Error(NOT_QUERYABLE);
    const { network, server } = this.#at;
    try {
      return await network.ask<QueryResult>({
        asker: this.#process,
        answerer: null,
        server: DATABASE,
        label: labelOf(text),
        serve: (answer, refuse) => this.#serve(text, values, answer, refuse),
      });
    } catch (error) {
      if (error instanceof ConnectionLost) {
        this.isBroken = true;
        // The server keeps the transaction and its locks until it notices.
        const { world } = this.#at;
        world.schedule(world.random.fraction() * ORPHAN_MS_MAX, null, 'orphan ends', () =>
          server.disconnect(this.session),
        );
      }
      throw error;
    }
  }

  release(broken?: unknown): void {
    this.#release(this, broken);
  }

  #serve(
    text: string,
    values: readonly unknown[],
    answer: (result: QueryResult) => void,
    refuse: (error: Error) => void,
  ): void {
    const { faults, server } = this.#at;
    const { session } = this;
    const isCommit = text === 'COMMIT' && !session.isAborted;
    if (!session.isOpen || faults.strikes('connection lost before statement')) {
      server.disconnect(session);
      refuse(new ConnectionLost('the server closed the connection'));
    } else if (isCommit && faults.strikes('commit landed late')) {
      server.commitLate(session);
      refuse(new ConnectionLost('the server closed the connection'));
    } else if (isCommit && faults.strikes('commit outcome unknown')) {
      server.execute(session, text, values, () => undefined, refuse);
      refuse(new ConnectionLost('the server closed the connection'));
    } else if (faults.strikes('connection lost after statement')) {
      server.execute(
        session,
        text,
        values,
        () => undefined,
        () => undefined,
      );
      server.disconnect(session);
      refuse(new ConnectionLost('the server closed the connection'));
    } else {
      session.onLost = () => refuse(new ConnectionLost('the server closed the connection'));
      const once =
        <Value>(end: (value: Value) => void) =>
        (value: Value): void => {
          session.onLost = null;
          end(value);
        };
      server.execute(session, text, values, once(answer), once(refuse));
    }
  }
}

class SimulatedPool {
  readonly #at: StoreWorld;
  readonly #process: SimulatedProcess;
  readonly #connectionsMax: number;
  readonly #idle: Connection[] = [];
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  constructor(at: StoreWorld, process: SimulatedProcess, connectionsMax: number) {
    this.#at = at;
    this.#process = process;
    this.#connectionsMax = connectionsMax;
  }

  async connect(): Promise<Connection> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle !== undefined) {
        if (!idle.isBroken && idle.session.isOpen) return idle;
        this.#open -= 1;
        continue;
      }
      if (this.#open < this.#connectionsMax) return this.#openOne();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async query(statement: StatementArgument, values?: readonly unknown[]): Promise<QueryResult> {
    const connection = await this.connect();
    try {
      return await connection.query(statement, values);
    } finally {
      connection.release(connection.isBroken ? new Error('broken') : undefined);
    }
  }

  async #openOne(): Promise<Connection> {
    this.#open += 1;
    const { network, server, world } = this.#at;
    try {
      const session = await network.ask<Session>({
        asker: this.#process,
        answerer: null,
        server: DATABASE,
        label: 'connect',
        serve: (answer, refuse) => {
          if (server.isUp) answer(server.connect());
          else refuse(databaseError('57P03', 'the database system is starting up'));
        },
      });
      this.#process.onKilled(() =>
        world.schedule(world.random.fraction() * ORPHAN_MS_MAX, null, 'orphan ends', () =>
          server.disconnect(session),
        ),
      );
      return new Connection(this.#at, this.#process, session, (connection, broken) =>
        this.#takeBack(connection, broken),
      );
    } catch (error) {
      this.#open -= 1;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  #takeBack(connection: Connection, broken: unknown): void {
    if (broken !== undefined || connection.isBroken) {
      this.#open -= 1;
      this.#at.server.disconnect(connection.session);
    } else {
      this.#idle.push(connection);
    }
    this.#waiting.shift()?.();
  }
}

/** A pool for one process; typed as pg's, of which it has `connect` and `query`. */
export function openSimulatedPool(
  at: StoreWorld,
  process: SimulatedProcess,
  connectionsMax: number,
): Pool {
  return new SimulatedPool(at, process, connectionsMax) as unknown as Pool;
}
