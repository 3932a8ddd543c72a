// The wire shapes of OAuth: snake case where RFCs name the fields, ours elsewhere.
import { z } from 'zod';
import { SCOPES } from '../../../shared/domain/caller.ts';
import { listAnswer, listQueryFields } from '../../../shared/http/list.ts';
import { OAUTH_ERRORS } from './oauth-error.ts';
import * as examples from './examples.ts';

export const noQuery = z.strictObject({});

/** Longest redirect URI, state, and the like. */
export const URI_CHARACTERS_MAX = 512;
const SCOPE_CHARACTERS_MAX = 64;

const visible = z.string().regex(/^[\x20-\x7e]+$/, 'must be printable ASCII');
const scopeField = visible.max(SCOPE_CHARACTERS_MAX);

export const authorizationBody = z
  .strictObject({
    clientId: visible.max(32),
    redirectUri: visible.max(URI_CHARACTERS_MAX),
    /** Names of scopes with spaces between them. */
    scope: scopeField,
    state: visible.max(URI_CHARACTERS_MAX).optional(),
    /** Base64url of the SHA-256 of the verifier. */
    codeChallenge: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be a SHA-256 in base64url'),
    codeChallengeMethod: z.literal('S256'),
  })
  .meta({ examples: examples.AUTHORIZATIONS });
export type Authorization = z.output<typeof authorizationBody>;

export const authorizationAnswer = z
  .strictObject({ redirectTo: z.string() })
  .meta({ examples: examples.AUTHORIZED });

const clientFields = {
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
} as const;

/** What the forms hold; clients may authenticate with HTTP Basic instead. */
export const tokenForm = z
  .object({
    grant_type: z.enum(['authorization_code', 'refresh_token', 'client_credentials']),
    code: z.string().optional(),
    redirect_uri: z.string().optional(),
    code_verifier: z.string().optional(),
    refresh_token: z.string().optional(),
    scope: scopeField.optional(),
    ...clientFields,
  })
  .meta({ examples: examples.TOKEN_FORMS });
export const oneTokenForm = z
  .object({
    token: z.string(),
    token_type_hint: z.string().optional(),
    ...clientFields,
  })
  .meta({ examples: examples.ONE_TOKEN_FORMS });

export const tokenAnswer = z
  .strictObject({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    /** Seconds. */
    expires_in: z.int().positive(),
    scope: z.string(),
    refresh_token: z.string().optional(),
  })
  .meta({ examples: examples.TOKENS });
export type TokenAnswer = z.output<typeof tokenAnswer>;

export const errorAnswer = z
  .strictObject({
    error: z.enum(OAUTH_ERRORS),
    error_description: z.string().regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/),
  })
  .meta({ examples: examples.OAUTH_ERROR_EXAMPLES });

const seconds = z.int().nonnegative();

export const introspectionAnswer = z
  .union([
    z.strictObject({ active: z.literal(false) }),
    z.strictObject({
      active: z.literal(true),
      client_id: z.string(),
      iss: z.string(),
      sub: z.string(),
      scope: z.string(),
      iat: seconds,
      exp: seconds,
      /** Of access tokens alone. */
      token_type: z.literal('Bearer').optional(),
      aud: z.string().optional(),
      jti: z.string().optional(),
      sid: z.string().optional(),
    }),
  ])
  .meta({ examples: examples.INTROSPECTIONS });
export type IntrospectionAnswer = z.output<typeof introspectionAnswer>;

export const serverMetadata = z
  .strictObject({
    issuer: z.string(),
    authorization_endpoint: z.string(),
    token_endpoint: z.string(),
    revocation_endpoint: z.string(),
    introspection_endpoint: z.string(),
    jwks_uri: z.string(),
    scopes_supported: z.array(z.enum(SCOPES)),
    response_types_supported: z.array(z.literal('code')),
    response_modes_supported: z.array(z.literal('query')),
    grant_types_supported: z.array(z.string()),
    token_endpoint_auth_methods_supported: z.array(z.string()),
    revocation_endpoint_auth_methods_supported: z.array(z.string()),
    introspection_endpoint_auth_methods_supported: z.array(z.string()),
    code_challenge_methods_supported: z.array(z.literal('S256')),
    authorization_response_iss_parameter_supported: z.literal(true),
  })
  .meta({ examples: examples.SERVERS });

export const grantParams = z.strictObject({ id: z.string().regex(/^grt_[0-9]{16}$/) });
export const grantsQuery = z.strictObject({ ...listQueryFields });
export const grantsAnswer = listAnswer(
  z
    .strictObject({
      id: z.string(),
      clientId: z.string(),
      clientName: z.string(),
      scopes: z.array(z.enum(SCOPES)),
      createdAt: z.iso.datetime(),
      lastUsedAt: z.iso.datetime(),
      expiresAt: z.iso.datetime(),
    })
    .meta({ examples: examples.GRANTS }),
);
