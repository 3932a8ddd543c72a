// The body of a request for one route: type, size, JSON, schema. Each fault has its code.
import type { z } from 'zod';
import { reject, isRejection, type Rejection } from '../../domain/rejection.ts';
import { parseContentType } from '../../http/content-type.ts';
import { describeIssues } from '../../http/field-errors.ts';
import { JsonFault, parseStrictJson } from '../../http/strict-json.ts';
import type { IncomingCall } from './wire.ts';

export interface BodyRules {
  readonly method: string;
  readonly body?: z.ZodType;
  readonly policy: { readonly bodyBytesMax: number };
}

export interface ReadBody {
  readonly rawBody: Buffer;
  readonly body: unknown;
}

const NO_BYTES = Buffer.alloc(0);
const NO_BODY: ReadBody = { rawBody: NO_BYTES, body: undefined };

/** Reads and checks the body. A POST route without a schema takes any bytes, for signatures. */
export async function readBody(
  call: IncomingCall,
  rules: BodyRules,
): Promise<ReadBody | Rejection> {
  const refused = refuseUnread(call, rules);
  if (refused !== null) return refused;
  const takesBytes = rules.method !== 'GET' && rules.method !== 'DELETE';
  const bytesMax = rules.body === undefined && !takesBytes ? 0 : rules.policy.bodyBytesMax;
  const rawBody = await call.readBody(bytesMax);
  if (isRejection(rawBody)) {
    const taken = bytesMax > 0 || rawBody.code !== 'BODY_TOO_LARGE';
    return taken ? rawBody : reject('BODY_INVALID', 'this route takes no body');
  }
  if (rules.body === undefined)
    return rawBody.length === 0 ? NO_BODY : { rawBody, body: undefined };
  return parseBody(call, rawBody, rules.body);
}

/** What the headers alone can tell, before a byte is read. */
function refuseUnread(call: IncomingCall, rules: BodyRules): Rejection | null {
  const encoding = call.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return reject('BODY_TYPE_NOT_SUPPORTED', 'the body must not be compressed');
  }
  const { bodyBytesMax } = rules.policy;
  if (Number(call.headers['content-length'] ?? 0) > bodyBytesMax) {
    return reject('BODY_TOO_LARGE', `the body may have at most ${bodyBytesMax} bytes`);
  }
  const type = call.headers['content-type'];
  if (rules.body === undefined || type === undefined) return null;
  const { mediaType, utf8 } = parseContentType(type);
  return mediaType === 'application/json' && utf8 ? null : reject('BODY_TYPE_NOT_SUPPORTED');
}

function parseBody(call: IncomingCall, rawBody: Buffer, schema: z.ZodType): ReadBody | Rejection {
  if (rawBody.length === 0) return reject('BODY_INVALID', 'a body is required');
  if (call.headers['content-type'] === undefined) return reject('BODY_TYPE_NOT_SUPPORTED');
  const value = parseStrictJson(rawBody);
  if (value instanceof JsonFault) return reject('BODY_INVALID', value.detail);
  const parsed = schema.safeParse(value);
  if (parsed.success) return { rawBody, body: parsed.data };
  return reject('BODY_INVALID', 'the body does not fit the schema of the route', {
    errors: describeIssues(parsed.error, value),
  });
}
