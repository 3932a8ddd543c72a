// Several statements as one message to the server, and one answer from it. Statements that are
// sent one behind the other save their round trips, but each still ends with a Sync of its own, for
// which the server writes, and the client wakes up, once more. Here one Sync ends them all
// ("Pipelining" in the extended query protocol of Postgres): all together at the end, and nothing
// behind the first failure.
import pg from 'pg';
import Result from 'pg/lib/result.js';
import utils from 'pg/lib/utils.js';
import { assert } from '../domain/failure.ts';
import { types } from './types.ts';

/** A statement as the driver's `query` takes it. */
export type Statement =
  string | { readonly name?: string; readonly text: string; readonly values?: unknown[] };

interface Member {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
  readonly result: Result;
  readonly resolve: (result: QueryResult) => void;
  readonly fail: (error: unknown) => void;
}

/** Of what pg answers, what is asked for. */
type QueryResult = Pick<pg.QueryResult, 'rows' | 'rowCount'>;

type Bound = (Buffer | string | null)[];

/** What the driver keeps of a connection, beside its methods. */
interface DriverConnection extends pg.Connection {
  /** Texts of the named statements that the server is known to have. */
  readonly parsedStatements: Readonly<Record<string, string>>;
  /** And of those that are on their way to it. */
  readonly submittedNamedStatements: Record<string, string>;
}

/**
 * Statements that are handed to `query` of a connection as one. All of them succeed, or all of them
 * fail with the error of the first that did.
 */
export class Bundle extends pg.Query {
  /** The name and text of the statement at work: the driver notes them when it is parsed. */
  declare name: string;
  declare text: string;
  /** The driver may put a function of its own before this one, to stop its clock. */
  callback: (error: Error | null) => void = (error) => this.#end(error);
  readonly members: Member[] = [];
  #at = 0;
  /** Of the first row that holds what is none of our values. */
  #unreadable: Error | null = null;

  constructor() {
    super({ text: '' });
  }

  /** A statement that goes with the others. Resolves with its result when all have succeeded. */
  add(statement: Statement, values?: unknown[]): Promise<QueryResult> {
    const given = typeof statement === 'string' ? { text: statement } : statement;
    return new Promise((resolve, fail) => {
      this.members.push({
        name: given.name ?? '',
        text: given.text,
        values: values ?? given.values ?? [],
        result: new Result(undefined, types),
        resolve,
        fail,
      });
    });
  }

  /** For one that is not sent after all. */
  drop(error: unknown): void {
    for (const { fail } of this.members) fail(error);
  }

  /** Called by the driver. What it answers, nothing has been sent then, fails the bundle. */
  override submit = (connection: pg.Connection): Error | null => {
    const server = connection as DriverConnection;
    let bound: Bound[];
    try {
      for (const member of this.members) assertOneText(server, member);
      bound = this.members.map(({ values }) => values.map(utils.prepareValue));
    } catch (error) {
      return toError(error);
    }
    connection.stream.cork();
    try {
      this.members.forEach((member, at) => send(server, member, bound[at] ?? []));
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
    this.#turnTo(0);
    return null;
  };

  handleRowDescription({ fields }: { readonly fields: pg.FieldDef[] }): void {
    this.members[this.#at]?.result.addFields(fields);
  }

  handleDataRow({ fields }: { readonly fields: (string | null)[] }): void {
    const result = this.members[this.#at]?.result;
    try {
      result?.addRow(result.parseRow(fields));
    } catch (error) {
      this.#unreadable ??= toError(error);
    }
  }

  handleEmptyQuery(): void {
    this.#turnTo(this.#at + 1);
  }

  handleCommandComplete(message: object): void {
    this.members[this.#at]?.result.addCommandComplete(message);
    this.#turnTo(this.#at + 1);
  }

  handleError(error: Error, connection: DriverConnection): void {
    // What stands behind the failure has not been parsed.
    for (const { name } of this.members) {
      if (connection.parsedStatements[name] === undefined) {
        Reflect.deleteProperty(connection.submittedNamedStatements, name);
      }
    }
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(this.#unreadable);
  }

  #turnTo(at: number): void {
    this.#at = at;
    this.name = this.members[at]?.name ?? '';
    this.text = this.members[at]?.text ?? '';
  }

  #end(error: Error | null): void {
    if (error !== null) this.drop(error);
    else for (const { resolve, result } of this.members) resolve(result);
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error('no such value', { cause: error });
}

/** What the server was told to call by this name, or undefined. */
function textOf(
  { parsedStatements, submittedNamedStatements }: DriverConnection,
  name: string,
): string | undefined {
  return name === '' ? undefined : (parsedStatements[name] ?? submittedNamedStatements[name]);
}

/** The server would run what it was told first. */
function assertOneText(connection: DriverConnection, { name, text }: Member): void {
  const known = textOf(connection, name);
  assert(known === undefined || known === text, `two statements are called ${name}`);
}

function send(connection: DriverConnection, { name, text }: Member, values: Bound): void {
  if (textOf(connection, name) === undefined) {
    connection.parse({ name, text, types: [] }, true);
    if (name !== '') connection.submittedNamedStatements[name] = text;
  }
  connection.bind({ statement: name, values }, true);
  connection.describe({ type: 'P' }, true);
  connection.execute(null, true);
}
