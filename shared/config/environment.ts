// The only reader of process.env. Values are checked once, at the start; an error names the
// variable and never shows its value, because half of them are secrets.
import { z } from 'zod';

export type EnvironmentSource = Readonly<Record<string, string | undefined>>;

/** A variable is missing or malformed: the process must not start. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The variables of this process. */
export function processEnvironment(): EnvironmentSource {
  return process.env;
}

/** One variable, or undefined when it is unset or empty: Kubernetes sets empty ones. */
export function findVariable(name: string, source = processEnvironment()): string | undefined {
  const value = source[name];
  return value === undefined || value === '' ? undefined : value;
}

/** One variable; throws ConfigError, naming it, when it is unset or empty. */
export function getVariable(name: string, source = processEnvironment()): string {
  const value = findVariable(name, source);
  if (value === undefined) throw new ConfigError(`environment variable ${name} is required`);
  return value;
}

/**
 * Reads the variables that `shape` names; the rest of the environment is not looked at.
 * Throws ConfigError listing every variable that is missing or malformed, all at once.
 */
export function readConfig<Shape extends z.ZodRawShape>(
  shape: Shape,
  source = processEnvironment(),
): z.output<z.ZodObject<Shape>> {
  const values: Record<string, string> = {};
  for (const name of Object.keys(shape)) {
    const value = findVariable(name, source);
    if (value !== undefined) values[name] = value;
  }
  const parsed = z.object(shape).safeParse(values);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => describeFault(issue, values));
  throw new ConfigError(faults.join('; '));
}

function describeFault(issue: z.core.$ZodIssue, values: Readonly<Record<string, string>>): string {
  const name = issue.path.map(String).join('.');
  if (!(name in values)) return `environment variable ${name} is required`;
  return `environment variable ${name} is malformed: ${issue.message}`;
}
