// What the routes of auth need from outside.
import type { Pool } from '../../shared/db/pool.ts';
import type { EmailIndexKey } from '../../shared/secrets/email.ts';
import type { KeyRing } from '../../shared/secrets/key-ring.ts';
import type { PasswordHasher } from '../../shared/passwords/hasher.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { Issuing } from './tokens/mint.ts';
import type { Site } from '../../shared/passkeys/site.ts';
import type { SignInCounter } from './sessions/sign-in-outcome.ts';

export interface AuthDeps {
  readonly pool: Pool;
  /** Opens factors and signing keys. */
  readonly sealing: KeyRing;
  /** Opens the secrets of API keys. */
  readonly keySealing: KeyRing;
  /** Seals mails that ask to be sent. */
  readonly mailRing: KeyRing;
  /** Finds users by their address; opening one takes a ring that is not here. */
  readonly emailIndex: EmailIndexKey;
  readonly passwords: PasswordHasher;
  /** What access tokens are signed with, and what they say of whom they come from. */
  readonly issuing: Issuing;
  /** What passkeys are made for. */
  readonly site: Site;
  readonly signIns: SignInCounter;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}
