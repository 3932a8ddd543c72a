// The wire shape of the key set (RFC 7517).
import { z } from 'zod';

export const noQuery = z.strictObject({});

const publicKey = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string(),
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
});
export type PublicKey = z.output<typeof publicKey>;

export const keySetAnswer = z.strictObject({ keys: z.array(publicKey) });
