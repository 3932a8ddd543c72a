// Recovery codes: 128 random bits each, for the day when every other factor is lost.
import { randomBytes } from 'node:crypto';
import { hashSecret } from '../../../../shared/secrets/token.ts';

export const RECOVERY_CODES = 10;
const CODE_BYTES = 16;

/** Such as `0f3a-91c2-…`: eight groups of four hex digits. */
export function drawRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () =>
    (randomBytes(CODE_BYTES).toString('hex').match(/.{4}/g) ?? []).join('-'),
  );
}

/** The same for every way to write the code. */
export function hashRecoveryCode(code: string): Buffer {
  return hashSecret(code.replaceAll(/[ -]/g, '').toLowerCase());
}
