// The flags of `npm run replay`, checked before anything is sent.
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { USERS_MAX, USERS_MIN } from './market/traders.ts';

export const HELP = `npm run replay -- <file> [flags]
npm run replay -- --generate [flags]

Drives recorded order flow (Bitstamp csv, LOBSTER message.csv; plain or gzipped), or a seeded
generated one, through the public HTTP API of a running exchange.

  --market M       market to play a recording on (BTC-USD; SOL-USD for LOBSTER);
                   with --generate: the only market (all markets)
  --users N        users that own the orders, at least 2: half buy, half sell (16)
  --limit N        rows of the file to play, or commands to generate (all; 10000)
  --from-row N     first row of the file to play, 1 is the first after a header (1)
  --rate R         commands per second, whether or not answers keep up (as fast as answers come)
  --in-flight N    most commands unanswered at once (32); 1 sends strictly one after another
  --unordered      only commands of one order wait for each other: a load test, not a replay
  --resume RUN     go on with a run that was cut off; its id is in the first line of every run
  --seed N         seed of --generate (1)
  --size-unit Q    LOBSTER: base quantity that one share stands for (1)
  --url URL        the exchange (http://127.0.0.1:8080)
  --own-url URL    the emulator's own port, for tokens and funds (the port after that of --url)
  --json           print the summary as JSON
  --help           this page

Commands are accepted in the order of the file wherever that matters: what is unanswered at the
same time commutes. Nobody else should trade on the market meanwhile.`;

const countField = (minimum: number, maximum: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^[0-9]{1,12}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, {
      error: `must be from ${minimum} to ${maximum}`,
    });

const urlField = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });
const decimalField = z.string().regex(/^[0-9]+(\.[0-9]+)?$/, 'must be a decimal');

const USERS_DEFAULT = 16;
const IN_FLIGHT_DEFAULT = 32;
const IN_FLIGHT_MAX = 4_096;
const RATE_MAX = 1_000_000;
const ROWS_MAX = 100_000_000;
const SEED_MAX = 4_294_967_295;

const flagsSchema = z.strictObject({
  market: z.exactOptional(z.string().regex(/^[A-Z0-9]{2,10}-[A-Z0-9]{2,10}$/, 'is no market')),
  users: countField(USERS_MIN, USERS_MAX).default(USERS_DEFAULT),
  limit: z.exactOptional(countField(1, ROWS_MAX)),
  'from-row': countField(1, ROWS_MAX).default(1),
  rate: z.exactOptional(countField(1, RATE_MAX)),
  'in-flight': countField(1, IN_FLIGHT_MAX).default(IN_FLIGHT_DEFAULT),
  unordered: z.boolean().default(false),
  resume: z.exactOptional(z.string().regex(/^[a-z0-9]{1,12}$/, 'is no run id')),
  seed: countField(0, SEED_MAX).default(1),
  'size-unit': decimalField.default('1'),
  url: urlField.default('http://127.0.0.1:8080'),
  'own-url': z.exactOptional(urlField),
  json: z.boolean().default(false),
});

export interface ReplayOptions extends Omit<z.output<typeof flagsSchema>, 'own-url'> {
  /** Null for a generated flow. */
  readonly file: string | null;
  readonly 'own-url': string;
}

/** The flags are not what the help page says. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

/** Null when help was asked for; throws OptionError naming the flag that is wrong. */
export function parseOptions(args: readonly string[]): ReplayOptions | null {
  const { values, positionals } = readFlags(args);
  const { help, generate, ...flags } = values;
  if (help === true) return null;
  const [file, more] = positionals;
  if (more !== undefined) throw new OptionError(`one file at a time, not also ${more}`);
  if (generate === true && file !== undefined) {
    throw new OptionError(`either --generate or a file, not both: ${file}`);
  }
  if (generate !== true && file === undefined) throw new OptionError('name a file, or --generate');
  const parsed = flagsSchema.safeParse(flags);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new OptionError(`--${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  return {
    ...parsed.data,
    'own-url': parsed.data['own-url'] ?? nextPort(parsed.data.url),
    file: file ?? null,
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        market: { type: 'string' },
        users: { type: 'string' },
        limit: { type: 'string' },
        'from-row': { type: 'string' },
        rate: { type: 'string' },
        'in-flight': { type: 'string' },
        unordered: { type: 'boolean' },
        resume: { type: 'string' },
        seed: { type: 'string' },
        'size-unit': { type: 'string' },
        url: { type: 'string' },
        'own-url': { type: 'string' },
        json: { type: 'boolean' },
        generate: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new OptionError(detail, { cause: error });
  }
}

function nextPort(url: string): string {
  const own = new URL(url);
  const port = own.port === '' ? (own.protocol === 'https:' ? 443 : 80) : Number(own.port);
  own.port = String(port + 1);
  return own.origin;
}
