// How the simulated database knows a statement of the exchange, and what it then does. The SQL is
// not interpreted: each statement is written out again, naively, beside a pattern that finds it.
import pg from 'pg';
import type { Faults } from '../world/faults.ts';
import type { World } from '../world/world.ts';
import type { View } from './tables.ts';

export interface StatementContext {
  readonly view: View;
  readonly values: readonly unknown[];
  readonly text: string;
  readonly nowMs: number;
  readonly world: World;
  readonly faults: Faults;
  /** False when another transaction holds the lock. */
  readonly isFree: (lock: string) => boolean;
  /** Takes a lock that is free; false when it is not. */
  readonly tryLock: (lock: string) => boolean;
}

export interface Statement {
  readonly pattern: RegExp;
  /** Locks to wait for before it runs, in the order in which they are taken. */
  readonly locks?: (context: StatementContext) => readonly string[];
  /** Answers the rows. Throws what the database would answer with. */
  readonly run: (context: StatementContext) => readonly object[];
}

/** An error as the driver reports it. */
export function databaseError(code: string, message: string, constraint?: string): Error {
  const error = new pg.DatabaseError(message, message.length, 'error');
  error.code = code;
  if (constraint !== undefined) error.constraint = constraint;
  return error;
}

export function violation(constraint: string): Error {
  const code = /_pkey$|_unique$|_once$|_reused$/.test(constraint) ? '23505' : '23514';
  return databaseError(code, `violates constraint ${constraint}`, constraint);
}

/** A parameter that is an array, or the text of an array of whole numbers such as `{1,2}`. */
export function textsOf(value: unknown): readonly string[] {
  if (value === null || value === undefined || value === '{}') return [];
  if (Array.isArray(value)) return value.map(String);
  if (typeof value !== 'string') throw new Error(`not an array: ${JSON.stringify(value)}`);
  return value.slice(1, -1).split(',');
}

export function numbersOf(value: unknown): readonly number[] {
  return textsOf(value).map(Number);
}

/** The value of a parameter that is JSON. */
export function jsonOf(value: unknown): unknown {
  if (typeof value !== 'string') throw new Error('a JSON parameter is no text');
  return JSON.parse(value);
}
