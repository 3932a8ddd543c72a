// One-time codes by time: RFC 6238 as every authenticator app knows it, SHA-1, six digits, 30 s.
import { Secret, TOTP } from 'otpauth';

const ISSUER = 'Bourse';
const SECRET_BYTES = 20;
const DIGITS = 6;
const PERIOD_SECONDS = 30;
/** Steps back and ahead: clocks differ, and people type slowly. */
const STEPS_APART_MAX = 1;

/** 160 random bits, in base32. */
export function drawTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** What a QR code shows. */
export function totpUri(secret: string, label: string): string {
  return totpOf(secret, label).toString();
}

/** The time step that a code is of, or null when it is of none near now. */
export function findStep(secret: string, code: string, nowMs: number): number | null {
  const totp = totpOf(secret, '');
  const delta = totp.validate({ token: code, timestamp: nowMs, window: STEPS_APART_MAX });
  return delta === null ? null : totp.counter({ timestamp: nowMs }) + delta;
}

function totpOf(secret: string, label: string): TOTP {
  return new TOTP({
    issuer: ISSUER,
    label,
    algorithm: 'SHA1',
    digits: DIGITS,
    period: PERIOD_SECONDS,
    secret: Secret.fromBase32(secret),
  });
}
