// Whom passkeys are made for: the site's name, and the origins that its pages come from.
import { ConfigError } from '../config/environment.ts';
import type { Environment } from '../function/definition.ts';

export interface Site {
  /** A domain: passkeys are bound to it for ever. */
  readonly rpId: string;
  readonly rpName: string;
  readonly origins: readonly string[];
}

const RP_NAME = 'Bourse';

/**
 * From WEBAUTHN_RP_ID and WEBAUTHN_ORIGINS, or the same with a prefix. Throws ConfigError, naming
 * the variable, when a browser would not take what it says.
 */
export function readSite(environment: Pick<Environment, 'get'>, prefix: '' | 'ADMIN_' = ''): Site {
  const rpIdVariable = `${prefix}WEBAUTHN_RP_ID`;
  const originsVariable = `${prefix}WEBAUTHN_ORIGINS`;
  const rpId = environment.get(rpIdVariable);
  const origins = environment.get(originsVariable).split(',');
  for (const origin of origins) {
    if (!isOriginOf(origin, rpId)) {
      throw new ConfigError(
        `environment variable ${originsVariable} is malformed: https origins of ${rpIdVariable}, with commas between`,
      );
    }
  }
  return { rpId, rpName: RP_NAME, origins };
}

/** Browsers have no WebAuthn without TLS, save on this machine. */
function isOriginOf(text: string, rpId: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, hostname, protocol } = new URL(text);
  const isSecure = protocol === 'https:' || hostname === 'localhost';
  return text === origin && isSecure && (hostname === rpId || hostname.endsWith(`.${rpId}`));
}
