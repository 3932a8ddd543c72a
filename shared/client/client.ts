// A client whose paths, bodies and answers are typed by the OpenAPI document: what does not fit the
// API does not compile. Our own tests use it (docs/client.md).
import createClient, { type Client, type Middleware } from 'openapi-fetch';
import type { components, paths } from './generated/openapi.d.ts';
import { signatureHeaders, type ApiKey } from './sign-request.ts';

export type BourseClient = Client<paths>;
export type Problem = components['schemas']['Problem'];

export type Credentials =
  /** An access token; a function is asked before each request, for tokens that are renewed. */
  | { readonly token: string | (() => string | Promise<string>) }
  | { readonly key: ApiKey; readonly receiveWindowMs?: number };

export interface ClientOptions {
  /** Such as `http://localhost:8080`. */
  readonly baseUrl: string;
  /** Left out: nobody in particular. */
  readonly credentials?: Credentials;
  /** Milliseconds since 1970; left out: this machine's clock. */
  readonly now?: () => number;
  /** Left out: Node's own. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

export function createBourseClient(options: ClientOptions): BourseClient {
  const { baseUrl, credentials, now = Date.now, fetch } = options;
  const client = createClient<paths>({ baseUrl, ...(fetch === undefined ? {} : { fetch }) });
  if (credentials !== undefined) client.use(withCredentials(credentials, now));
  return client;
}

/** The last thing that touches a request: a signature covers what is sent, byte for byte. */
function withCredentials(credentials: Credentials, now: () => number): Middleware {
  return {
    onRequest: async ({ request }) => {
      const headers =
        'token' in credentials
          ? { authorization: `Bearer ${await tokenOf(credentials.token)}` }
          : await signed(request, credentials, now());
      for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
      return request;
    },
  };
}

async function tokenOf(token: string | (() => string | Promise<string>)): Promise<string> {
  return typeof token === 'string' ? token : token();
}

async function signed(
  request: Request,
  { key, receiveWindowMs }: Extract<Credentials, { key: ApiKey }>,
  timestampMs: number,
): Promise<Record<string, string>> {
  const { pathname, search } = new URL(request.url);
  return signatureHeaders(key, {
    method: request.method,
    target: pathname + search,
    body: new Uint8Array(await request.clone().arrayBuffer()),
    timestampMs,
    receiveWindowMs,
  });
}
