// A request and its answer between the server and the pipeline, with no socket in sight: the
// server, the functions framework and the tests all speak this.
import type { Rejection } from '../../domain/rejection.ts';
import type { Caller } from '../../domain/caller.ts';

export interface IncomingCall {
  readonly method: string;
  /** Path and query as they stand on the request line. */
  readonly target: string;
  /** Lower-cased names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The address of the other end of the connection; undefined when it is gone, and in tests. */
  readonly peerAddress?: string | undefined;
  /** Of whoever sent it, as far as our own proxies tell; see shared/http/client-address.ts. */
  readonly clientAddress?: string | undefined;
  /** There are more headers than are looked at: some may be missing here. */
  readonly isOverloaded?: boolean;
  /** Reads the body once; refuses what is longer than `bytesMax` or comes too slowly. */
  readonly readBody: (bytesMax: number) => Promise<Buffer | Rejection> | Buffer | Rejection;
  /** Tests only: the caller is known and no token is looked at. */
  readonly knownCaller?: Caller;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined sends no body. */
  readonly body: string | undefined;
}
