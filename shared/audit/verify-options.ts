// The command line of `npm run audit:verify`.
import { parseArgs } from 'node:util';
import { flagFault } from '../config/flag-fault.ts';
import { UsageError } from '../operator/operator.ts';

export const USAGE = `npm run audit:verify -- [options]

Reads the whole audit log, computes every chain again and names the first bad record of each stream.
What the log alone cannot show (a tail that was cut, a chain that was computed anew) takes anchors.

  --anchors DIR      the folder that audit:anchor writes to, or a copy of it
  --public-key FILE  of the key that signed them, in PEM; again for each key that was used before
  --json             the report as JSON
  --help             this text

DATABASE_URL  the database, as bourse_audit_reader

It ends with 0 when all is sound, 1 when something is bad, 2 when it could not look.`;

export interface VerifyOptions {
  readonly anchorsDir: string | null;
  readonly publicKeyFiles: readonly string[];
  readonly json: boolean;
}

/** Null when help is asked for. Throws UsageError. */
export function readVerifyOptions(args: readonly string[]): VerifyOptions | null {
  const values = parse(args);
  if (values.help === true) return null;
  const anchorsDir = values.anchors ?? null;
  const publicKeyFiles = values['public-key'] ?? [];
  if ((anchorsDir === null) !== (publicKeyFiles.length === 0)) {
    throw new UsageError('--anchors and --public-key go together: unsigned anchors prove nothing');
  }
  return { anchorsDir, publicKeyFiles, json: values.json === true };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        anchors: { type: 'string' },
        'public-key': { type: 'string', multiple: true },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(flagFault(cause), { cause });
  }
}
