// What an error of Redis means: it is away, or it has answered and will answer the same again.
import { ReplyError } from 'ioredis';
import { RetryableError, TerminalError } from '../../domain/failure.ts';

/** Answers of a server that cannot work at present. */
const NOT_NOW =
  /^(LOADING|READONLY|OOM|MASTERDOWN|BUSY|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|UNBLOCKED)\b/;
/** The password is being changed: the connection is made anew and asks again. */
const NOT_LET_IN = /^(NOAUTH|WRONGPASS|NOPERM)\b/;

/** True when the same call may work later. */
export function isOutage(error: unknown): boolean {
  if (error instanceof TerminalError) return false;
  if (!(error instanceof ReplyError)) return true;
  const { message } = error as Error;
  return NOT_NOW.test(message) || NOT_LET_IN.test(message);
}

/** As the port promises it. */
export function asCacheFailure(error: unknown): Error {
  if (error instanceof TerminalError) return error;
  if (isOutage(error)) return new RetryableError('the cache is away', { cause: error });
  return new TerminalError('the cache refused a command', { cause: error });
}
