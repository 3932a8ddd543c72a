// The route of the key set.
import { route, type Route } from '../../../shared/function/definition.ts';
import type { AuthDeps } from '../deps.ts';
import { keySetAnswer, noQuery } from './schema.ts';

/** A rotation waits far longer than this before a new key signs. */
const KEY_SET_SECONDS = 60;

export const tokensRoutes: readonly Route<AuthDeps>[] = [
  route({
    method: 'GET',
    path: '/.well-known/jwks.json',
    summary: 'The keys that access tokens are signed with: now, within the last hour, and next.',
    query: noQuery,
    answers: { 200: keySetAnswer },
    refusals: [],
    handle: async (_request, { issuing }: AuthDeps) => ({
      status: 200,
      headers: { 'cache-control': `public, max-age=${KEY_SET_SECONDS}` },
      body: { keys: await issuing.keys.published() },
    }),
  }),
];
