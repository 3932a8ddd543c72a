// What an access token must look like. The issuer writes by these rules, the functions check them.

/** Ed25519. The only algorithm: a list of one leaves nothing to confuse. */
export const TOKEN_ALGORITHM = 'EdDSA';

/** RFC 9068: tells an access token from an id or refresh token of the same issuer. */
export const TOKEN_TYPE = 'at+jwt';

/** How far the clocks of issuer and function may differ. */
export const TOKEN_CLOCK_TOLERANCE_SECONDS = 5;

/** Longest token that is looked at. */
export const TOKEN_CHARACTERS_MAX = 4_096;
