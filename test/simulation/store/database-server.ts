// The simulated Postgres: sessions with transactions, row locks, read committed, and every way in
// which a real one fails its clients.
import type { Faults } from '../world/faults.ts';
import type { World } from '../world/world.ts';
import { Locks, type Holder } from './locks.ts';
import { databaseError, type Statement, type StatementContext } from './statement.ts';
import { Tables, View } from './tables.ts';

export interface QueryResult {
  readonly rows: readonly object[];
  readonly rowCount: number;
}

export type Reply = (result: QueryResult) => void;
export type Refuse = (error: Error) => void;

/** How much later than the loss of its connection a commit may come. */
const LATE_COMMIT_MS_MAX = 500;

export class Session implements Holder {
  readonly name: string;
  view: View;
  isInTransaction = false;
  /** After an error, until ROLLBACK. */
  isAborted = false;
  isOpen = true;
  /** Told when the connection breaks under a statement that runs or waits. */
  onLost: (() => void) | null = null;

  constructor(name: string, tables: Tables) {
    this.name = name;
    this.view = new View(tables);
  }
}

export class DatabaseServer {
  readonly tables = new Tables();
  /** Beyond the true time. */
  clockSkewMs = 0;
  isUp = true;
  /** Sees each transaction just before its rows become everybody's. */
  onCommit: (view: View) => void = () => undefined;
  readonly #world: World;
  readonly #faults: Faults;
  readonly #statements: readonly Statement[];
  readonly #known = new Map<string, Statement>();
  readonly #locks = new Locks();
  readonly #sessions = new Set<Session>();
  /** Commits that are on their way though their connection is gone. */
  readonly #late = new Set<Session>();
  #sessionCount = 0;

  constructor(world: World, faults: Faults, statements: readonly Statement[]) {
    this.#world = world;
    this.#faults = faults;
    this.#statements = statements;
  }

  connect(): Session {
    const session = new Session(`session ${this.#sessionCount++}`, this.tables);
    this.#sessions.add(session);
    return session;
  }

  /** The connection is gone: what was not committed is rolled back. */
  disconnect(session: Session): void {
    if (!session.isOpen) return;
    session.isOpen = false;
    this.#sessions.delete(session);
    this.#end(session);
    session.onLost?.();
    session.onLost = null;
  }

  /** The commit was on its way when the connection broke: it comes through, a little later. */
  commitLate(session: Session): void {
    this.#sessions.delete(session);
    session.isOpen = false;
    this.#late.add(session);
    const afterMs = this.#world.random.fraction() * LATE_COMMIT_MS_MAX;
    this.#world.schedule(afterMs, null, 'late commit', () => {
      if (this.#late.delete(session)) this.#commit(session);
    });
  }

  /** Everything that was not committed is lost; nobody can connect until `start`. */
  crash(): void {
    this.isUp = false;
    for (const session of [...this.#sessions]) this.disconnect(session);
    for (const session of this.#late) this.#end(session);
    this.#late.clear();
  }

  start(): void {
    this.isUp = true;
  }

  execute(
    session: Session,
    text: string,
    values: readonly unknown[],
    reply: Reply,
    refuse: Refuse,
  ): void {
    if (!session.isOpen) return;
    if (/^BEGIN/.test(text)) {
      session.isInTransaction = true;
      reply({ rows: [], rowCount: 0 });
    } else if (text === 'COMMIT') {
      if (session.isAborted) this.#end(session);
      else this.#commit(session);
      reply({ rows: [], rowCount: 0 });
    } else if (text === 'ROLLBACK') {
      this.#end(session);
      reply({ rows: [], rowCount: 0 });
    } else if (session.isAborted) {
      refuse(databaseError('25P02', 'current transaction is aborted'));
    } else {
      this.#runStatement(session, text, values, reply, refuse);
    }
  }

  #runStatement(
    session: Session,
    text: string,
    values: readonly unknown[],
    reply: Reply,
    refuse: Refuse,
  ): void {
    const statement = this.#find(text);
    const context: StatementContext = {
      view: session.view,
      values,
      text,
      nowMs: this.#world.wallMs + this.clockSkewMs,
      world: this.#world,
      faults: this.#faults,
      isFree: (lock) => this.#locks.isFree(lock, session),
      tryLock: (lock) => {
        if (!this.#locks.isFree(lock, session)) return false;
        return this.#locks.acquire(session, lock, () => undefined) === 'granted';
      },
    };
    const fail = (error: Error): void => {
      session.isAborted = session.isInTransaction;
      if (!session.isInTransaction) this.#end(session);
      refuse(error);
    };
    const run = (): void => {
      try {
        if (this.#faults.strikes('serialization failure')) {
          throw databaseError('40001', 'could not serialize access');
        }
        const rows = statement.run(context);
        if (!session.isInTransaction) this.#commit(session);
        reply({ rows, rowCount: rows.length });
      } catch (error) {
        if (isAnswer(error)) fail(error);
        else this.#world.fail(error);
      }
    };
    this.#lockAll(session, statement.locks?.(context) ?? [], run, fail);
  }

  /** One after the other, as a statement meets its rows. */
  #lockAll(session: Session, keys: readonly string[], then: () => void, fail: Refuse): void {
    for (const [at, key] of keys.entries()) {
      const result = this.#locks.acquire(session, key, () => {
        // Whoever let go goes on first.
        this.#world.schedule(0, null, `locked ${key}`, () => {
          if (session.isOpen) this.#lockAll(session, keys.slice(at + 1), then, fail);
        });
      });
      if (result === 'waiting') return;
      if (result === 'deadlock') {
        fail(databaseError('40P01', 'deadlock detected'));
        return;
      }
    }
    then();
  }

  #commit(session: Session): void {
    try {
      this.onCommit(session.view);
    } catch (error) {
      this.#world.fail(error);
    }
    session.view.commit();
    this.#world.note(`commit of ${session.name}`);
    this.#end(session);
  }

  #end(session: Session): void {
    session.view = new View(this.tables);
    session.isInTransaction = false;
    session.isAborted = false;
    this.#locks.releaseAll(session);
  }

  #find(text: string): Statement {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const found = this.#statements.find(({ pattern }) => pattern.test(text));
    if (found === undefined) {
      throw new Error(
        `the simulated database does not know this statement; write it out in ` +
          `test/simulation/store: ${text}`,
      );
    }
    this.#known.set(text, found);
    return found;
  }
}

/** An error that a database would answer with; any other is ours, and ends the run. */
function isAnswer(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
