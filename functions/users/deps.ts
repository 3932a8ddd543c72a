// What the routes of users need from outside.
import type { Bus } from '../../shared/bus/bus.ts';
import type { Outbox } from '../../shared/bus/outbox.ts';
import type { Pool } from '../../shared/db/pool.ts';
import type { PasswordHasher } from '../../shared/passwords/hasher.ts';
import type { IsBreached } from '../../shared/passwords/password-policy.ts';
import type { EmailKeys } from '../../shared/secrets/email.ts';
import type { KeyRing } from '../../shared/secrets/key-ring.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';

export interface UsersDeps {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly hasher: PasswordHasher;
  readonly isBreached: IsBreached;
  /** Seals mails. */
  readonly mailRing: KeyRing;
  readonly emailKeys: EmailKeys;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
  readonly cleaning: NodeJS.Timeout | null;
}
