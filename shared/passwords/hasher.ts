// Hashes passwords with argon2id: two at a time, because each takes 64 MiB and a core for a tenth
// of a second, and with a queue that ends, so that sign-ins cannot starve everything else.
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import { isRejection, reject, type Rejection } from '../domain/rejection.ts';
import { Batcher } from '../function/batcher.ts';

/** OWASP ASVS 5.0, appendix C asks for 46 MiB and one pass at least. */
export const HASH_COST: HashCost = { memoryKib: 65_536, passes: 3, lanes: 1 };

/** Hashes that run at a time in a process. */
const HASHES_RUNNING_MAX = 2;
/** Hashes that wait for their turn; one more is refused. */
export const HASHES_WAITING_MAX = 64;
/** Half of what a queue that is full takes, a tenth of a second each. */
const FULL_RETRY_AFTER_SECONDS = 3;

const SALT_BYTES = 16;
const HASH_BYTES = 32;

export interface HashCost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** Each call costs one hash. SERVICE_BUSY, with when to come again, where too many wait. */
export interface PasswordHasher {
  /** A PHC string of today's parameters, with a salt of its own. */
  hash(password: string): Promise<string | Rejection>;
  /** `isOutdated`: the string has other parameters than a new one would have. */
  verify(
    password: string,
    phc: string,
  ): Promise<{ readonly matches: boolean; readonly isOutdated: boolean } | Rejection>;
  /** What `verify` costs, for a user who is not there: a stranger must not tell the difference. */
  verifyNone(password: string): Promise<Rejection | null>;
  /** SERVICE_BUSY while too many wait: for whoever would do much before asking for a hash. */
  refuseWhileFull(): Rejection | null;
}

/** The hash function underneath; tests count its calls. */
export interface HashFunction {
  hash(password: string, cost: HashCost): Promise<string>;
  verify(password: string, phc: string): Promise<boolean>;
}

export interface HasherOptions {
  readonly cost?: HashCost;
  readonly hashFunction?: HashFunction;
}

export function createPasswordHasher(options: HasherOptions = {}): PasswordHasher {
  const cost = options.cost ?? HASH_COST;
  const hashFunction = options.hashFunction ?? ARGON2ID;
  const nobody = unmatchedPhc(cost);
  const queue = new Batcher<() => Promise<string | boolean>, string | boolean>({
    batchMax: 1,
    lingerMs: 0,
    parallel: HASHES_RUNNING_MAX,
    queueMax: HASHES_WAITING_MAX,
    run: (works) => Promise.all(works.map((work) => work())),
  });
  const verifyInTurn = (password: string, phc: string): Promise<string | boolean | Rejection> =>
    queue.submit(() => hashFunction.verify(normalize(password), phc));
  return {
    hash: async (password) => {
      const hashed = await queue.submit(() => hashFunction.hash(normalize(password), cost));
      return isRejection(hashed) ? hashed : String(hashed);
    },
    verify: async (password, phc) => {
      const matches = await verifyInTurn(password, phc);
      if (isRejection(matches)) return matches;
      return { matches: matches === true, isOutdated: !hasCost(phc, cost) };
    },
    verifyNone: async (password) => {
      const matches = await verifyInTurn(password, nobody);
      return isRejection(matches) ? matches : null;
    },
    refuseWhileFull: () =>
      queue.queued < HASHES_WAITING_MAX
        ? null
        : reject('SERVICE_BUSY', undefined, { retryAfterSeconds: FULL_RETRY_AFTER_SECONDS }),
  };
}

const ARGON2ID: HashFunction = {
  // argon2id, version 19, is what the library takes unless told otherwise.
  hash: (password, { memoryKib, passes, lanes }) =>
    hash(password, {
      memoryCost: memoryKib,
      timeCost: passes,
      parallelism: lanes,
      outputLen: HASH_BYTES,
    }),
  verify: (password, phc) => verify(phc, password),
};

/** The same letters may be typed as different code points: é is one, or e with an accent. */
function normalize(password: string): string {
  return password.normalize('NFC');
}

function hasCost(phc: string, { memoryKib, passes, lanes }: HashCost): boolean {
  const found = parseOptions(phc);
  return found.memoryCost === memoryKib && found.timeCost === passes && found.parallelism === lanes;
}

/** A string that no password can be found for: salt and hash are drawn apart. */
function unmatchedPhc({ memoryKib, passes, lanes }: HashCost): string {
  const draw = (bytes: number): string => randomBytes(bytes).toString('base64').replace(/=+$/, '');
  const parameters = `m=${memoryKib},t=${passes},p=${lanes}`;
  return `$argon2id$v=19$${parameters}$${draw(SALT_BYTES)}$${draw(HASH_BYTES)}`;
}
