// Whom passkeys are made for: the site's name, and the origins that its pages come from.
import { ConfigError } from '../../../../shared/config/environment.ts';
import type { Environment } from '../../../../shared/function/definition.ts';

export interface Site {
  /** A domain: passkeys are bound to it for ever. */
  readonly rpId: string;
  readonly rpName: string;
  readonly origins: readonly string[];
}

const RP_NAME = 'Bourse';
const RP_ID_VARIABLE = 'WEBAUTHN_RP_ID';
const ORIGINS_VARIABLE = 'WEBAUTHN_ORIGINS';

/** Throws ConfigError, naming the variable, when a browser would not take what it says. */
export function readSite(environment: Pick<Environment, 'get'>): Site {
  const rpId = environment.get(RP_ID_VARIABLE);
  const origins = environment.get(ORIGINS_VARIABLE).split(',');
  for (const origin of origins) {
    if (!isOriginOf(origin, rpId)) {
      throw new ConfigError(
        `environment variable ${ORIGINS_VARIABLE} is malformed: https origins of ${RP_ID_VARIABLE}, with commas between`,
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
