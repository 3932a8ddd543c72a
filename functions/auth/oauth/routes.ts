// The routes of oauth: two kinds, those of signed-in users and those of clients.
import { clientId, grantId, parseGrantId } from '../../../shared/domain/ids.ts';
import { reject } from '../../../shared/domain/rejection.ts';
import { route, type Route } from '../../../shared/function/definition.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';
import { listPage } from '../../../shared/http/list.ts';
import type { AuthDeps } from '../deps.ts';
import { authorize } from './authorize.ts';
import { answerIntrospection } from './introspect.ts';
import { answerRevocation } from './revoke.ts';
import * as schema from './schema.ts';
import { describeServer } from './server-metadata.ts';
import { endGrant, isGrantOfUser, listGrants, type ListedGrant } from './store/grants.ts';
import { answerTokenRequest } from './token.ts';
import { z } from 'zod';

/** It changes with releases. */
const METADATA_SECONDS = 300;

const nothing = z.undefined();
const { noQuery, errorAnswer } = schema;

export const oauthRoutes: readonly Route<AuthDeps>[] = [
  route({
    method: 'GET',
    path: '/.well-known/oauth-authorization-server',
    summary: 'What OAuth clients need to know of this server (RFC 8414).',
    query: noQuery,
    answers: { 200: schema.serverMetadata },
    refusals: [],
    handle: (_request, { issuing }: AuthDeps) =>
      Promise.resolve({
        status: 200,
        headers: { 'cache-control': `public, max-age=${METADATA_SECONDS}` },
        body: describeServer(issuing.issuer),
      }),
  }),
  route({
    method: 'POST',
    path: '/v1/oauth/authorizations',
    summary: 'Lets an OAuth client in; answers where to send the user, with a code for the client.',
    query: noQuery,
    body: schema.authorizationBody,
    answers: { 200: schema.authorizationAnswer },
    refusals: ['OAUTH_CLIENT_UNKNOWN', 'OAUTH_REDIRECT_URI_UNKNOWN', 'OAUTH_SCOPE_NOT_ALLOWED'],
    handle: ({ body, caller }, deps: AuthDeps) => {
      assertKnown(caller);
      return authorize(body, caller, deps);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/oauth/token',
    summary: 'Tokens for an OAuth client (RFC 6749).',
    query: noQuery,
    form: schema.tokenForm,
    answers: { 200: schema.tokenAnswer, 400: errorAnswer, 401: errorAnswer },
    refusals: [],
    handle: (request, deps: AuthDeps) => answerTokenRequest(request, deps),
  }),
  route({
    method: 'POST',
    path: '/v1/oauth/revoke',
    summary: 'Ends what a token of the OAuth client belongs to (RFC 7009).',
    query: noQuery,
    form: schema.oneTokenForm,
    answers: { 200: nothing, 400: errorAnswer, 401: errorAnswer },
    refusals: [],
    handle: (request, deps: AuthDeps) => answerRevocation(request, deps),
  }),
  route({
    method: 'POST',
    path: '/v1/oauth/introspect',
    summary: 'Whether a token of the OAuth client is good, and for what (RFC 7662).',
    query: noQuery,
    form: schema.oneTokenForm,
    answers: { 200: schema.introspectionAnswer, 400: errorAnswer, 401: errorAnswer },
    refusals: [],
    handle: (request, deps: AuthDeps) => answerIntrospection(request, deps),
  }),
  route({
    method: 'GET',
    path: '/v1/oauth/grants',
    summary: 'The OAuth clients that the user has let in.',
    query: schema.grantsQuery,
    answers: { 200: schema.grantsAnswer },
    refusals: [],
    handle: async ({ query, caller }, { pool, now }: AuthDeps) => {
      assertKnown(caller);
      const before = query.cursor?.[0] ?? null;
      if (before !== null && typeof before !== 'number') {
        return reject('QUERY_INVALID', 'the cursor is of another list');
      }
      const page = { before, limit: query.limit + 1 };
      const rows = await listGrants(pool, caller.userNumber, page, now());
      const body = listPage(rows, query.limit, present, ({ grantNumber }) => [grantNumber]);
      return { status: 200, body };
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/oauth/grants/{id}',
    summary: 'Takes back what an OAuth client was granted; its tokens are refused at once.',
    params: schema.grantParams,
    query: noQuery,
    answers: { 204: nothing },
    refusals: ['OAUTH_GRANT_NOT_FOUND'],
    handle: async ({ params, caller }, { pool, now }: AuthDeps) => {
      assertKnown(caller);
      const grantNumber = parseGrantId(params.id);
      if (grantNumber === null) return reject('OAUTH_GRANT_NOT_FOUND');
      const isOwn = await isGrantOfUser(pool, grantNumber, caller.userNumber);
      const ended = isOwn && (await endGrant(pool, grantNumber, 'revoked_by_user', now()));
      return ended ? { status: 204 } : reject('OAUTH_GRANT_NOT_FOUND');
    },
  }),
];

function present(grant: ListedGrant) {
  return {
    id: grantId(grant.grantNumber),
    clientId: clientId(grant.clientNumber),
    clientName: grant.clientName,
    scopes: grant.scopes,
    createdAt: grant.createdAt.toISOString(),
    lastUsedAt: grant.lastUsedAt.toISOString(),
    expiresAt: grant.expiresAt.toISOString(),
  };
}
