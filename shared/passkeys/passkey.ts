// A passkey as it is stored, whoever has it and whatever else is known of it.

/** What a challenge is good for, from when it is made; browsers are told the same. */
export const CHALLENGE_LIFE_MS = 5 * 60_000;

export interface Passkey {
  readonly credentialId: Buffer;
  /** COSE, as the authenticator gave it. */
  readonly publicKey: Buffer;
  /** Of signatures made; 0 for ever when the authenticator does not count. */
  readonly counter: number;
  readonly transports: readonly string[];
}

/** What an authenticator that was made to sign for the first time tells of itself. */
export type NewKey = Omit<Passkey, 'transports'>;
