// The command line of `npm run test:schema`.
import { parseArgs } from 'node:util';

export const USAGE = `npm run test:schema -- [options]

Starts the whole exchange on this machine and runs schemathesis against its OpenAPI document, as a
user, as one who leaves, and as nobody. Ends with 1 when an answer is not what the document says.

  --seed N         of what is generated, default 1
  --cases N        most cases of a route in a phase, default 20
  --as WHO         user, leaver or nobody; default all
  --program FILE   schemathesis, default the one on the path (pip install schemathesis==4.32.5)
  --help           this text`;

export const AUDIENCES = ['user', 'leaver', 'nobody'] as const;
export type Audience = (typeof AUDIENCES)[number];

export interface SchemaOptions {
  readonly seed: number;
  readonly cases: number;
  readonly audiences: readonly Audience[];
  readonly program: string;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Null when help was asked for. Throws UsageError. */
export function readOptions(args: readonly string[]): SchemaOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const audience = AUDIENCES.find((each) => each === values.as);
  if (values.as !== undefined && audience === undefined) throw new UsageError('--as whom?');
  return {
    seed: readWhole('--seed', values.seed),
    cases: readWhole('--cases', values.cases),
    audiences: audience === undefined ? AUDIENCES : [audience],
    program: values.program,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string', default: '1' },
        cases: { type: 'string', default: '20' },
        as: { type: 'string' },
        program: { type: 'string', default: 'schemathesis' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function readWhole(flag: string, text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new UsageError(`${flag} takes a whole number`);
  return Number(text);
}
