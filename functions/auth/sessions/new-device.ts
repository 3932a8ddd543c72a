// Tells a user by mail of a sign-in from a device that they have not used for a while.
import type { Tx } from '../../../shared/db/pool.ts';
import { tellUser } from '../tell-user.ts';
import type { AuthDeps } from '../deps.ts';
import { isKnownDevice } from './store/sessions.ts';

/** A device that was not seen for longer is a new one. */
const DEVICE_KNOWN_MS = 90 * 24 * 3_600_000;
const SHOWN_CHARACTERS_MAX = 120;
const UNKNOWN = 'unknown';

export interface Device {
  /** Null when it is not known. */
  readonly address: string | null;
  readonly userAgent: string | null;
}

/** Before the session is opened, in its transaction: the mail goes out if that does. */
export async function tellNewDevice(
  tx: Tx,
  deps: Pick<AuthDeps, 'mailRing'>,
  userNumber: number,
  { address, userAgent }: Device,
  nowMs: number,
): Promise<void> {
  const since = nowMs - DEVICE_KNOWN_MS;
  if (await isKnownDevice(tx, userNumber, { address, userAgent }, since)) return;
  const values = {
    address: address ?? UNKNOWN,
    userAgent: userAgent?.slice(0, SHOWN_CHARACTERS_MAX) ?? UNKNOWN,
  };
  await tellUser(tx, deps.mailRing, userNumber, 'new_device', values, nowMs);
}
