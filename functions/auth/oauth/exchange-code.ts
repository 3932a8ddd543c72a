// A client exchanges an authorization code for its first tokens: grant_type authorization_code.
import { withTransaction, type Tx } from '../../../shared/db/pool.ts';
import { grantId } from '../../../shared/domain/ids.ts';
import { drawSecret, hashSecret, isSecret } from '../../../shared/secrets/token.ts';
import type { AuthDeps } from '../deps.ts';
import type { Form } from './form.ts';
import { grantTokens } from './grant-tokens.ts';
import { OAuthError } from './oauth-error.ts';
import { fitsChallenge, isVerifier } from './pkce.ts';
import type { TokenAnswer } from './schema.ts';
import type { Client } from './store/clients.ts';
import { findGrantOfCode, noteGrantOfCode, spendCode, type SpentCode } from './store/codes.ts';
import { createGrant, endGrant, GRANT_LIFE_MS } from './store/grants.ts';
import { saveFirstToken } from './store/refresh-tokens.ts';
import { tellGrantEnded } from './tell-grant-ended.ts';
import type { TokenRequest } from './token.ts';

interface Exchange {
  readonly code: string;
  readonly redirectUri: string;
  readonly verifier: string;
}

export async function exchangeCode(
  { client, form, log }: TokenRequest,
  deps: AuthDeps,
): Promise<TokenAnswer | OAuthError> {
  if (client.userNumber !== null) {
    return new OAuthError('unauthorized_client', 'the client acts by its own credentials alone');
  }
  const exchange = readExchange(form);
  if (exchange instanceof OAuthError) return exchange;
  // Read before the transaction: inside, it would wait for a second connection.
  await deps.issuing.keys.current();
  const nowMs = deps.now();
  const codeHash = hashSecret(exchange.code);
  return withTransaction(deps.pool, async (tx) => {
    const spent = await spendCode(tx, codeHash, client.clientNumber, nowMs);
    if (spent !== null) {
      const refused = refuseExchange(spent, exchange, nowMs);
      return refused ?? giveTokens(tx, deps, client, codeHash, spent, nowMs);
    }
    // RFC 9700, 4.5: of two who have a code one is not whom it was for, and nobody knows which.
    const grantNumber = await findGrantOfCode(tx, codeHash, client.clientNumber);
    if (grantNumber !== null && (await endGrant(tx, grantNumber, 'code_reused', nowMs))) {
      log.warn({ grant: grantId(grantNumber) }, 'an authorization code came twice');
      await tellGrantEnded(tx, deps.mailRing, grantNumber, client.name, nowMs);
    }
    return new OAuthError('invalid_grant', 'the code is unknown or was used before');
  });
}

function readExchange(form: Form): Exchange | OAuthError {
  const code = form['code'];
  const redirectUri = form['redirect_uri'];
  const verifier = form['code_verifier'];
  if (code === undefined || redirectUri === undefined || verifier === undefined) {
    return new OAuthError('invalid_request', 'code, redirect_uri and code_verifier are needed');
  }
  if (!isVerifier(verifier)) {
    return new OAuthError('invalid_request', 'code_verifier is not as RFC 7636 has it');
  }
  if (!isSecret(code, 'bac')) return new OAuthError('invalid_grant', 'that is no code');
  return { code, redirectUri, verifier };
}

/** The code is used up whatever comes of it: nobody can try a second verifier. */
function refuseExchange(spent: SpentCode, exchange: Exchange, nowMs: number): OAuthError | null {
  const fault = findFault(spent, exchange, nowMs);
  return fault === null ? null : new OAuthError('invalid_grant', fault);
}

function findFault(spent: SpentCode, exchange: Exchange, nowMs: number): string | null {
  if (spent.expiresAt.getTime() <= nowMs) return 'the code has expired';
  if (spent.redirectUri !== exchange.redirectUri) return 'redirect_uri is another than before';
  if (!fitsChallenge(exchange.verifier, spent.codeChallenge)) return 'code_verifier does not fit';
  return spent.sessionLives ? null : 'the session that agreed has ended';
}

async function giveTokens(
  tx: Tx,
  deps: AuthDeps,
  { clientNumber }: Client,
  codeHash: Buffer,
  spent: SpentCode,
  nowMs: number,
): Promise<TokenAnswer | OAuthError> {
  const grantNumber = await createGrant(tx, { clientNumber, ...spent }, nowMs);
  if (grantNumber === null) {
    return new OAuthError('invalid_grant', 'the client or the account is not active');
  }
  const refreshToken = drawSecret('brt');
  await saveFirstToken(tx, hashSecret(refreshToken), grantNumber, nowMs);
  await noteGrantOfCode(tx, codeHash, grantNumber);
  const grant = { grantNumber, ...spent, expiresAt: new Date(nowMs + GRANT_LIFE_MS) };
  return grantTokens(deps.issuing, grant, refreshToken, nowMs);
}
