// Requests to the exchange that never throw: an answer, or the news that none came.
import { Pool } from 'undici';

const CONNECTIONS_MAX = 64;
/** After this a client gives up waiting: the end of its request is unknown. */
const ANSWER_TIMEOUT_MS = 8_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly token: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  /** Null: no answer came, and what became of the request is unknown. */
  readonly status: number | null;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

const NO_ANSWER: HttpAnswer = { status: null, headers: {}, body: {} };

export class ExchangeHttp {
  readonly #pool: Pool;

  constructor(origin: string) {
    this.#pool = new Pool(origin, {
      connections: CONNECTIONS_MAX,
      pipelining: 1,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
    });
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { method, path, token, body, headers } = request;
    try {
      const answer = await this.#pool.request({
        method,
        path,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await answer.body.text();
      return { status: answer.statusCode, headers: answer.headers, body: parseObject(text) };
    } catch {
      return NO_ANSWER; // lost on the way there or on the way back: that is the point
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // a gateway's own page
  }
}
