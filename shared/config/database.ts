// Where the database is, for command-line programs.
import { getVariable } from './environment.ts';

/** Reads DATABASE_URL; throws, naming it, when it is missing. */
export function databaseUrl(): string {
  return getVariable('DATABASE_URL');
}
