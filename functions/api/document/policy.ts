// What the OpenAPI page tells of the policy of a route: who may call it, at what cost, how large.
import type { CallerKind } from '../../../shared/domain/caller.ts';
import type { Policy } from '../../../shared/policy/policy.ts';
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
  apiKeyWindow: signed(
    'Bourse-Receive-Window',
    'Milliseconds that the request is good for, 1 to 60,000; may be left out: 5,000.',
  ),
};

const CALLER_TEXTS: Readonly<Record<CallerKind, string>> = {
  session: 'a session',
  client: 'an OAuth client',
  key: 'an API key',
  staff: 'one of the staff, on the admin host',
};

/** Part of an operation. Who calls by which credential stands in `security`, with the scope. */
export function describePolicy(rules: Policy): JsonSchema {
  const { callers } = rules;
  return {
    description: sentencesOf(rules),
    security: callers === 'anyone' ? [] : securityOf(callers, rules.scope),
    ...(callers === 'anyone' ? {} : { 'x-callers': callers }),
    'x-quota': rules.quota,
    'x-weight': rules.weight,
    'x-step-up': rules.stepUp,
    'x-body-bytes-max': rules.bodyBytesMax,
  };
}

function sentencesOf({ callers, ...rules }: Policy): string {
  const { scope, weight, quota, stepUp, replayGuarded } = rules;
  const points = weight === 1 ? '1 point' : `${weight} points`;
  return [
    `For ${callersText(callers)}${scope === null ? '' : `, with the scope \`${scope}\``}.`,
    `Takes ${points} of the allowance \`${quota}\`.`,
    ...(stepUp === true ? ['Needs a step-up.'] : []),
    ...(stepUp === 'with_factor' ? ['Needs a step-up of who has a factor.'] : []),
    ...(replayGuarded ? ['A signed request is taken once.'] : []),
  ].join(' ');
}

function callersText(callers: Policy['callers']): string {
  if (callers === 'anyone') return 'anyone';
  const texts = callers.map((kind) => CALLER_TEXTS[kind]);
  const last = texts.pop() ?? '';
  return texts.length === 0 ? last : `${texts.join(', ')} or ${last}`;
}

/** Any one of them will do; the headers of a signed request go together. */
function securityOf(callers: readonly CallerKind[], scope: string | null): readonly JsonSchema[] {
  const roles = scope === null ? [] : [scope];
  const schemes: JsonSchema[] = [];
  if (callers.includes('session') || callers.includes('client')) schemes.push({ bearer: roles });
  if (callers.includes('key')) {
    const headers = { apiKey: roles, apiKeyTimestamp: [], apiKeySignature: [] };
    schemes.push(headers, { ...headers, apiKeyWindow: [] });
  }
  if (callers.includes('staff')) schemes.push({ staff: roles });
  return schemes;
}
