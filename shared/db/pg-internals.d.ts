// What `Bundle` needs of the driver and its types leave out. Custom queries such as pg-cursor use
// the same.
declare module 'pg/lib/utils.js' {
  const utils: {
    /** A parameter as the protocol carries it. Throws for what it cannot carry. */
    readonly prepareValue: (value: unknown) => Buffer | string | null;
  };
  export = utils;
}

declare module 'pg/lib/result.js' {
  import type { CustomTypesConfig, FieldDef, QueryResult, QueryResultRow } from 'pg';

  class Result implements QueryResult {
    constructor(rowMode: undefined, types: CustomTypesConfig);
    command: string;
    rowCount: number | null;
    oid: number;
    fields: FieldDef[];
    rows: QueryResultRow[];
    addFields(fields: FieldDef[]): void;
    parseRow(fields: (string | null)[]): QueryResultRow;
    addRow(row: QueryResultRow): void;
    addCommandComplete(message: object): void;
  }
  export = Result;
}
