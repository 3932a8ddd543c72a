// The sealed secret of somebody's one-time codes: what it is sealed for, and opening it.
import { userId } from '../../../../shared/domain/ids.ts';
import { reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import { SealBroken, unseal } from '../../../../shared/secrets/seal.ts';
import type { AuthDeps } from '../../deps.ts';

/** One user, so that it opens in no other's row. */
export function sealingPlace(userNumber: number): string {
  return `totp/${userId(userNumber)}`;
}

/** In base32. Refuses with SERVICE_UNAVAILABLE where the key that it was sealed with is lost. */
export function openSecret(
  { sealing, log }: Pick<AuthDeps, 'sealing' | 'log'>,
  userNumber: number,
  sealed: string,
): string | Rejection {
  try {
    return unseal(sealing, sealingPlace(userNumber), sealed).toString();
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    log.error({ err: error, userId: userId(userNumber) }, 'a one-time code secret is lost');
    const detail = 'one-time codes cannot be checked: use a passkey or a recovery code';
    return reject('SERVICE_UNAVAILABLE', detail);
  }
}
