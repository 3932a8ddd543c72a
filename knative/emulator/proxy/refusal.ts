// The gateway's own answers, as RFC 9457 problems with our codes.
import type { ServerResponse } from 'node:http';
import { reject, type ErrorCode } from '../../../shared/domain/rejection.ts';
import { toProblem } from '../../../shared/http/problem.ts';

export interface Refused {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly path: string;
  readonly requestId: string;
  /** Where the gateway's status differs from the code's own: 502 and 504. */
  readonly status?: number;
}

/** Answers a problem; does nothing when an answer has begun already. */
export function sendRefusal(res: ServerResponse, refused: Refused): void {
  if (res.headersSent || res.destroyed) return;
  const answer = toProblem(reject(refused.code, refused.detail), refused.path, refused.requestId);
  const status = refused.status ?? answer.status;
  const body = JSON.stringify({ ...answer.body, status });
  res.writeHead(status, {
    ...answer.headers,
    'content-length': Buffer.byteLength(body),
    'x-request-id': refused.requestId,
  });
  res.end(body);
}
