// Variables that a test wants to see in single children: crash points, a skewed clock, snapshots in
// short intervals. The file that BOURSE_CHILD_OVERRIDES names is read at every launch:
// `{"engine-daemon": {"NAME": "value"}}`. Nothing of it exists unless the variable is set.
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { findVariable } from '../../shared/config/environment.ts';

const overridesSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** What the file has for a child of this name; throws when the file is not what it should be. */
export function childOverrides(
  name: string,
  file: string | undefined = findVariable('BOURSE_CHILD_OVERRIDES'),
): Readonly<Record<string, string>> {
  if (file === undefined || !existsSync(file)) return {};
  return overridesSchema.parse(JSON.parse(readFileSync(file, 'utf8')))[name] ?? {};
}
