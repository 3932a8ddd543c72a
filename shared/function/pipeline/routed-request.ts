// What a handler sees of its request. A class, because a getter in an object literal costs a
// microsecond each time, and the logger is only made when it is used.
import type { Logger } from '../../telemetry/logger.ts';
import type { Caller } from '../../domain/caller.ts';
import { UNKNOWN_ADDRESS } from '../../http/client-address.ts';
import type { HandlerRequest, Method } from '../definition.ts';
import type { CallContext } from './call-context.ts';
import type { IncomingCall } from './wire.ts';

/** What was read and checked. */
export interface RequestInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly rawBody: Buffer;
  readonly body: unknown;
  readonly caller: Caller | null;
}

export class RoutedRequest implements HandlerRequest<unknown, unknown, unknown> {
  readonly method: Method;
  readonly path: string;
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Buffer;
  readonly body: unknown;
  readonly caller: Caller | null;
  readonly clientAddress: string;
  readonly requestId: string;
  readonly traceparent: string;
  readonly #context: CallContext;

  constructor(
    method: Method,
    path: string,
    call: IncomingCall,
    context: CallContext,
    input: RequestInput,
  ) {
    this.method = method;
    this.path = path;
    this.params = input.params;
    this.query = input.query;
    this.headers = call.headers as Readonly<Record<string, string>>;
    this.rawBody = input.rawBody;
    this.body = input.body;
    this.caller = input.caller;
    this.clientAddress = call.clientAddress ?? UNKNOWN_ADDRESS;
    this.requestId = context.requestId;
    this.traceparent = context.traceparent;
    this.#context = context;
  }

  get log(): Logger {
    return this.#context.log;
  }
}
