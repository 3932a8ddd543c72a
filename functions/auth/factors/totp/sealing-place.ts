// What a secret for one-time codes is sealed for: one user, so that it opens in no other's row.
import { userId } from '../../../../shared/domain/ids.ts';

export function sealingPlace(userNumber: number): string {
  return `totp/${userId(userNumber)}`;
}
