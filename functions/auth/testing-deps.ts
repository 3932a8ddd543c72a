// What the routes of auth need, for tests: on a database and a clock that the test holds.
import type { Pool } from '../../shared/db/pool.ts';
import { createPasswordHasher } from '../../shared/passwords/hasher.ts';
import type { EmailIndexKey } from '../../shared/secrets/email.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { MetricsRegistry } from '../../shared/telemetry/metrics/registry.ts';
import type { AuthDeps } from './deps.ts';
import { registerSignIns } from './sessions/sign-in-outcome.ts';
import { testIssuing, testRing } from './tokens/testing-issuing.ts';

export const TEST_ORIGIN = 'http://localhost:3000';

export const TEST_EMAIL_INDEX: EmailIndexKey = {
  key: Buffer.from(Array.from({ length: 32 }, (_, at) => at)),
};

/** As cheap as argon2 goes: what it costs is tested where it is made. */
export const CHEAP_HASH = { memoryKib: 8, passes: 1, lanes: 1 };

/** `pool` is of bourse_auth. */
export function testAuthDeps(
  pool: Pool,
  now: () => number,
  change: Partial<AuthDeps> = {},
): AuthDeps {
  return {
    pool,
    sealing: testRing('auth'),
    keySealing: testRing('api-keys'),
    mailRing: testRing('mail'),
    emailIndex: TEST_EMAIL_INDEX,
    passwords: createPasswordHasher({ cost: CHEAP_HASH }),
    issuing: testIssuing(pool, now),
    site: { rpId: 'localhost', rpName: 'Bourse', origins: [TEST_ORIGIN] },
    signIns: registerSignIns(new MetricsRegistry()),
    now,
    log: silentLogger(),
    ...change,
  };
}
