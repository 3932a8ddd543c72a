// What a client can find out about us by itself (RFC 8414).
import { SCOPES } from '../../../shared/domain/caller.ts';

const SECRETS = ['client_secret_basic', 'client_secret_post'];

/** Where the front end asks a user whether to let a client in, below the issuer's address. */
const AUTHORIZATION_PAGE = '/oauth/authorize';

/** The issuer is an address; everything is below it. */
export function describeServer(issuer: string) {
  const base = issuer.replace(/\/$/, '');
  return {
    issuer,
    authorization_endpoint: `${base}${AUTHORIZATION_PAGE}`,
    token_endpoint: `${base}/v1/oauth/token`,
    revocation_endpoint: `${base}/v1/oauth/revoke`,
    introspection_endpoint: `${base}/v1/oauth/introspect`,
    jwks_uri: `${base}/.well-known/jwks.json`,
    scopes_supported: SCOPES,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    token_endpoint_auth_methods_supported: [...SECRETS, 'none'],
    revocation_endpoint_auth_methods_supported: [...SECRETS, 'none'],
    introspection_endpoint_auth_methods_supported: SECRETS,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}
