// Requests to the public API. Lost connections and 5xx answers are tried again until the outcome is
// known, and counted: the summary tells of each.
import { Pool } from 'undici';
import { z } from 'zod';
import { retryUntilKnown, systemClock, type Attempt, type RetryClock } from './retry.ts';

const REQUEST_TIMEOUT_MS = 30_000;
/** How long an exchange may be away, restarts included, before the replay gives up. */
export const PATIENCE_MS = 180_000;
const RETRY_AFTER_MAX_MS = 5_000;

/** Refusals that say "not yet" rather than "no". */
const PASSING_CODES: ReadonlySet<string> = new Set(['IDEMPOTENCY_KEY_BUSY', 'ORDER_AMEND_PENDING']);

export interface Answer {
  readonly status: number;
  /** The stable code of a refusal, or null. */
  readonly code: string | null;
  readonly body: unknown;
  /** True when an earlier attempt was lost. */
  readonly repeated: boolean;
}

export interface ClientCounts {
  /** Answers with a status of 500 or above. */
  serverErrors: number;
  /** Attempts that ended without an answer. */
  connectionErrors: number;
  /** Commands whose outcome was unknown at first. */
  repeated: number;
}

export interface RequestOptions {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers the bearer token; asked again, for a new one, when the exchange refuses it. */
  readonly token?: (renew: boolean) => Promise<string>;
  /** Called when an attempt was lost, before the next one; what it throws ends the request. */
  readonly beforeRepeat?: () => Promise<void>;
}

export interface ClientOptions {
  readonly connectionsMax: number;
  readonly patienceMs?: number;
  readonly clock?: RetryClock;
}

const problemSchema = z.looseObject({ code: z.string() });

export class ExchangeClient {
  readonly counts: ClientCounts = { serverErrors: 0, connectionErrors: 0, repeated: 0 };
  readonly #pool: Pool;
  readonly #patienceMs: number;
  readonly #clock: RetryClock;

  constructor(origin: string, options: ClientOptions) {
    this.#pool = new Pool(origin, {
      connections: options.connectionsMax,
      pipelining: 1,
      headersTimeout: REQUEST_TIMEOUT_MS,
      bodyTimeout: REQUEST_TIMEOUT_MS,
    });
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#clock = options.clock ?? systemClock;
  }

  /** Resolves with what the exchange decided, refusals included. Throws OutcomeUnknownError. */
  async request(options: RequestOptions): Promise<Answer> {
    const state = { renew: false, lost: false };
    const answer = await retryUntilKnown<Answer>(
      async () => {
        if (state.lost) await options.beforeRepeat?.();
        const attempt = await this.#attempt(options, state.renew, state.lost);
        if ('done' in attempt) return attempt;
        state.renew = attempt.again === TOKEN_REFUSED;
        if (!state.renew) state.lost = true;
        return attempt;
      },
      this.#patienceMs,
      this.#clock,
    );
    if (state.lost) this.counts.repeated += 1;
    return answer;
  }

  async #attempt(
    options: RequestOptions,
    renewed: boolean,
    repeated: boolean,
  ): Promise<Attempt<Answer>> {
    let status: number;
    let headers: Readonly<Record<string, unknown>>;
    let text: string;
    try {
      const token = await options.token?.(renewed);
      const response = await this.#pool.request({
        method: options.method,
        path: options.path,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        body: options.body === undefined ? null : JSON.stringify(options.body),
      });
      status = response.statusCode;
      headers = response.headers;
      text = await response.body.text();
    } catch (error) {
      this.counts.connectionErrors += 1;
      return { again: describe(error), cause: error };
    }
    return this.#judge(status, headers, text, renewed, repeated);
  }

  #judge(
    status: number,
    headers: Readonly<Record<string, unknown>>,
    text: string,
    renewed: boolean,
    repeated: boolean,
  ): Attempt<Answer> {
    const body = parseJson(text);
    const problem = problemSchema.safeParse(body);
    const code = status >= 400 && problem.success ? problem.data.code : null;
    if (status >= 500) {
      this.counts.serverErrors += 1;
      return { again: `${status} ${code ?? ''}`, afterMs: retryAfterMs(headers) };
    }
    if (status === 429 || PASSING_CODES.has(code ?? '')) {
      return { again: `${status} ${code ?? ''}`, afterMs: retryAfterMs(headers) };
    }
    // Tokens end; one that was made just now and is refused is a mistake to report.
    if (status === 401 && !renewed) return { again: TOKEN_REFUSED };
    return { done: { status, code, body, repeated } };
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

const TOKEN_REFUSED = '401';

function retryAfterMs(headers: Readonly<Record<string, unknown>>): number {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) ? Math.min(seconds * 1_000, RETRY_AFTER_MAX_MS) : 0;
}

function parseJson(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page rather than our answer; the status says enough.
    return null;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
