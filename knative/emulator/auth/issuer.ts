// The shortcut to a token: what a sign-in does, without password and factor. The session is real,
// and the token comes from the code and the keys of the auth function.
import { openSession } from '../../../functions/auth/sessions/open-session.ts';
import { mintAccessToken, type Issuing } from '../../../functions/auth/tokens/mint.ts';
import { openSigningKeys, type KeysLog } from '../../../functions/auth/tokens/signing-keys.ts';
import { createPool, type Pool } from '../../../shared/db/pool.ts';
import { SCOPES } from '../../../shared/domain/caller.ts';
import { assert } from '../../../shared/domain/failure.ts';
import { parseUserId, type UserId } from '../../../shared/domain/ids.ts';
import { readEmailKeys, type EmailKeys } from '../../../shared/secrets/email.ts';
import { readKeyRing } from '../../../shared/secrets/key-ring.ts';
import { addDevelopmentUser } from '../seed/users.ts';

export const AUDIENCE = 'bourse';

/** Tokens are for a day's work, as long as the session behind them. */
const TOKEN_SECONDS = 12 * 3_600;
const CONNECTIONS_MAX = 4;
const DEVICE = { address: '127.0.0.1', userAgent: 'bourse-emulator' };

export interface IssuerOptions {
  /** Of bourse_auth. */
  readonly databaseUrl: string;
  /** May write users. */
  readonly admin: Pool;
  readonly sealingDir: string;
  readonly issuerUrl: string;
  readonly log: KeysLog;
}

export class Issuer {
  readonly #admin: Pool;
  readonly #pool: Pool;
  readonly #issuing: Issuing;
  readonly #emailKeys: EmailKeys;
  /** Users whose row is known to be there. */
  readonly #users = new Set<number>();

  constructor({ databaseUrl, admin, sealingDir, issuerUrl, log }: IssuerOptions) {
    this.#admin = admin;
    this.#pool = createPool({
      url: databaseUrl,
      applicationName: 'bourse-emulator-tokens',
      connectionsMax: CONNECTIONS_MAX,
      onError: (error) => log.warn({ err: error }, 'idle connection lost'),
    });
    this.#emailKeys = readEmailKeys(sealingDir);
    const sealing = readKeyRing(sealingDir, 'auth');
    const keys = openSigningKeys({ pool: this.#pool, sealing, now: Date.now, log });
    this.#issuing = { issuer: issuerUrl, audience: AUDIENCE, keys };
  }

  /** What the auth function publishes, for an exchange that runs without it. */
  async keySet(): Promise<{ readonly keys: readonly unknown[] }> {
    return { keys: await this.#issuing.keys.published() };
  }

  async sign(userId: UserId): Promise<{ token: string; expiresInSeconds: number }> {
    const userNumber = parseUserId(userId);
    assert(userNumber !== null, 'a user id has a number');
    if (!this.#users.has(userNumber)) {
      await addDevelopmentUser(this.#admin, this.#emailKeys, userNumber);
    }
    this.#users.add(userNumber);
    const nowMs = Date.now();
    const session = await openSession(this.#pool, { userNumber, amr: ['pwd'], ...DEVICE }, nowMs);
    const { accessToken, expiresInSeconds } = await mintAccessToken(
      this.#issuing,
      {
        userNumber,
        credentialId: session.sessionId,
        scopes: SCOPES,
        authTimeMs: nowMs,
        amr: ['pwd'],
        endsAtMs: session.expiresAt.getTime(),
        lifeSeconds: TOKEN_SECONDS,
      },
      nowMs,
    );
    return { token: accessToken, expiresInSeconds };
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
