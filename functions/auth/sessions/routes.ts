// The routes of signing in with a password, and of sessions.
import { withTransaction } from '../../../shared/db/pool.ts';
import { SCOPES, type Caller } from '../../../shared/domain/caller.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { parseSessionId, sessionId } from '../../../shared/domain/ids.ts';
import { isRejection, reject } from '../../../shared/domain/rejection.ts';
import { route, type Route } from '../../../shared/function/definition.ts';
import { assertKnown } from '../../../shared/function/known-caller.ts';
import type { AuthDeps } from '../deps.ts';
import { mintAccessToken } from '../tokens/mint.ts';
import { readToken } from '../tokens/read-token.ts';
import { readBearer, readSessionToken } from './bearer.ts';
import { presentSession } from './decide.ts';
import {
  accessTokenAnswer,
  endedAnswer,
  noQuery,
  sessionListAnswer,
  sessionParams,
  signInAnswer,
  signInBody,
} from './schema.ts';
import { countSignIn } from './sign-in-outcome.ts';
import { signIn } from './sign-in.ts';
import { endByToken, endOne, endOthers, listSessions, useSession } from './store/sessions.ts';

export const sessionsRoutes: readonly Route<AuthDeps>[] = [
  route({
    method: 'POST',
    path: '/v1/auth/sign-in',
    summary: 'Signs in with a password; with a factor to follow where the user has one.',
    body: signInBody,
    answers: { 200: signInAnswer },
    refusals: ['SIGN_IN_FAILED', 'SIGN_IN_THROTTLED', 'ACCOUNT_SUSPENDED'],
    handle: async ({ body, clientAddress, headers, requestId, log }, deps: AuthDeps) => {
      const userAgent = headers['user-agent'] ?? null;
      const asking = { address: clientAddress, userAgent, requestId };
      const outcome = countSignIn(await signIn(body, asking, deps), deps.signIns, log);
      return isRejection(outcome) ? outcome : { status: 200, body: outcome };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/auth/access-tokens',
    summary: 'Draws an access token for a session, whose token comes as bearer; keeps it alive.',
    answers: { 200: accessTokenAnswer },
    refusals: ['SESSION_INVALID'],
    handle: async ({ headers }, { pool, issuing, now }: AuthDeps) => {
      const sessionToken = readSessionToken(headers);
      const nowMs = now();
      const used = sessionToken === null ? null : await useSession(pool, sessionToken, nowMs);
      if (used === null) return reject('SESSION_INVALID');
      const minted = await mintAccessToken(
        issuing,
        {
          userNumber: used.userNumber,
          credentialId: sessionId(used.sessionNumber),
          scopes: SCOPES,
          authTimeMs: used.authenticatedAt.getTime(),
          amr: used.amr,
          endsAtMs: used.expiresAt.getTime(),
        },
        nowMs,
      );
      return { status: 200, body: { ...minted, tokenType: 'Bearer' } };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/auth/sessions',
    summary: 'Own sessions that last, the newest 100.',
    query: noQuery,
    answers: { 200: sessionListAnswer },
    refusals: [],
    handle: async ({ caller }, { pool, now }: AuthDeps) => {
      const { userNumber, credentialId } = known(caller);
      const rows = await listSessions(pool, userNumber, now());
      return { status: 200, body: { items: rows.map((row) => presentSession(row, credentialId)) } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/auth/sessions/current',
    summary: 'Signs out: ends the session whose session token, or access token, comes as bearer.',
    answers: { 200: endedAnswer },
    refusals: ['SESSION_INVALID'],
    handle: async ({ headers }, { pool, issuing, now }: AuthDeps) => {
      const nowMs = now();
      const bearer = readBearer(headers);
      if (bearer === null) return reject('SESSION_INVALID');
      const sessionToken = readSessionToken(headers);
      const caller = sessionToken === null ? await readToken(bearer, issuing, nowMs) : null;
      const number = parseSessionId(caller?.credentialId);
      const ended = await withTransaction(pool, async (tx) => {
        if (sessionToken !== null) return endByToken(tx, sessionToken, 'signed_out', nowMs);
        if (caller === null || number === null) return 0;
        return endOne(tx, caller.userNumber, number, 'signed_out', nowMs);
      });
      return ended === 0 ? reject('SESSION_INVALID') : { status: 200, body: { ended } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/auth/sessions/{id}',
    summary: 'Takes back a session of ones own; its access tokens are refused within a second.',
    params: sessionParams,
    answers: { 200: endedAnswer },
    refusals: ['SESSION_NOT_FOUND'],
    handle: async ({ caller, params }, { pool, now }: AuthDeps) => {
      const { userNumber } = known(caller);
      const number = parseSessionId(params.id);
      if (number === null) return reject('SESSION_NOT_FOUND');
      const ended = await withTransaction(pool, (tx) =>
        endOne(tx, userNumber, number, 'revoked', now()),
      );
      return ended === 0 ? reject('SESSION_NOT_FOUND') : { status: 200, body: { ended } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/auth/sessions',
    summary: 'Takes back all own sessions but the one that asks.',
    answers: { 200: endedAnswer },
    refusals: [],
    handle: async ({ caller }, { pool, now }: AuthDeps) => {
      const { userNumber, credentialId } = known(caller);
      const kept = parseSessionId(credentialId);
      assert(kept !== null, 'only a session may take back others');
      const ended = await withTransaction(pool, (tx) =>
        endOthers(tx, userNumber, kept, 'revoked', now()),
      );
      return { status: 200, body: { ended } };
    },
  }),
];

function known(caller: Caller | null): Caller {
  assertKnown(caller);
  return caller;
}
