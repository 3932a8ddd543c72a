// What the OpenAPI page tells of the policy of a route: who may call it, at what cost, how large.
import type { CallerKind } from '../../shared/domain/caller.ts';
import type { Policy } from '../../shared/policy/policy.ts';
import type { JsonSchema } from './json-schema.ts';

const signed = (name: string, description: string): JsonSchema => ({
  type: 'apiKey',
  in: 'header',
  name,
  description,
});

export const SECURITY_SCHEMES: JsonSchema = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'Access token of a session or an OAuth client: EdDSA, typ at+jwt, verified against the JWKS ' +
      'of the issuer.',
  },
  staff: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'bas_…',
    description: 'Session token of the admin host (POST /v1/admin/sign-in), which is no JWT.',
  },
  apiKey: signed('Bourse-Key', 'Id of the API key, `key_…`.'),
  apiKeyTimestamp: signed('Bourse-Timestamp', 'Milliseconds since 1970.'),
  apiKeySignature: signed(
    'Bourse-Signature',
    'Base64 of the Ed25519 signature, or HMAC-SHA-256, over timestamp, receive window, method, ' +
      'path and query, and the hex SHA-256 of the body, each on a line (docs/identity.md).',
  ),
};

export const LIMIT_HEADERS: JsonSchema = {
  'RateLimit-Policy': {
    description: 'The allowance: `"order";q=1200;w=10` is 1,200 points in 10 s.',
    schema: { type: 'string' },
  },
  RateLimit: {
    description: 'What is left of it: `"order";r=1100;t=7`, and in 7 s all of it is back.',
    schema: { type: 'string' },
  },
};

export const LIMIT_HEADER_REFS: JsonSchema = Object.fromEntries(
  Object.keys(LIMIT_HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

/** Part of an operation. Who calls by which credential stands in `security`, with the scope. */
export function describePolicy(policy: Policy): JsonSchema {
  const { callers } = policy;
  return {
    security: callers === 'anyone' ? [] : securityOf(callers, policy.scope),
    ...(callers === 'anyone' ? {} : { 'x-callers': callers }),
    'x-quota': policy.quota,
    'x-weight': policy.weight,
    'x-step-up': policy.stepUp,
    'x-body-bytes-max': policy.bodyBytesMax,
  };
}

/** Any one of them will do; the headers of a signed request go together. */
function securityOf(callers: readonly CallerKind[], scope: string | null): readonly JsonSchema[] {
  const roles = scope === null ? [] : [scope];
  const schemes: JsonSchema[] = [];
  if (callers.includes('session') || callers.includes('client')) schemes.push({ bearer: roles });
  if (callers.includes('key')) {
    schemes.push({ apiKey: roles, apiKeyTimestamp: [], apiKeySignature: [] });
  }
  if (callers.includes('staff')) schemes.push({ staff: roles });
  return schemes;
}
