// What tests need to issue tokens: a ring of sealing keys, and instances that share a database.
import type { Pool } from '../../../shared/db/pool.ts';
import {
  parseKeyRing,
  type KeyRing,
  type SealingPurpose,
} from '../../../shared/secrets/key-ring.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import type { Issuing } from './mint.ts';
import { openSigningKeys } from './signing-keys.ts';

export const TEST_ISSUER = 'https://auth.test';
export const TEST_AUDIENCE = 'bourse';

/** A ring of one key that nobody keeps a secret. */
export function testRing(purpose: SealingPurpose, first = 1): KeyRing {
  const key = Buffer.from(Array.from({ length: 32 }, (_, at) => (first + at) % 256));
  const text = JSON.stringify({ current: 'test', keys: { test: key.toString('base64') } });
  const ring = parseKeyRing(text, purpose);
  if (ring === null) throw new Error('the ring of the tests is none');
  return ring;
}

/** As one instance issues; `pool` is of bourse_auth. */
export function testIssuing(pool: Pool, now: () => number, sealing = testRing('auth')): Issuing {
  const keys = openSigningKeys({ pool, sealing, now, log: silentLogger() });
  return { issuer: TEST_ISSUER, audience: TEST_AUDIENCE, keys };
}
