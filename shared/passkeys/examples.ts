// Examples of passkeys, for the OpenAPI page; a test holds them to the schemas that they belong to.

export const CHALLENGE = 'Yt3mXbP0Qd8sKz1vWn5cRg7hJf2lAe9uTi4oBx6yUwM';
export const CREDENTIAL = 'mB92K27uhbUJU1p1rwW1gFWFOEjXkdBjftJeZ4CVPAA';
const CLIENT_DATA = 'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0';
const DESCRIPTOR = { id: CREDENTIAL, type: 'public-key', transports: ['internal'] } as const;

export const SHOWN_PASSKEY = {
  id: CREDENTIAL,
  rawId: CREDENTIAL,
  type: 'public-key',
  response: {
    clientDataJSON: CLIENT_DATA,
    authenticatorData: 'SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ',
    signature: 'MEUCIQDx2kz5o1m7vQ8t',
  },
} as const;

export const MADE_PASSKEY = {
  id: CREDENTIAL,
  rawId: CREDENTIAL,
  type: 'public-key',
  response: { clientDataJSON: CLIENT_DATA, attestationObject: 'o2NmbXRkbm9uZQ' },
} as const;

export const CREATION_OPTIONS = [
  {
    rp: { id: 'example.org', name: 'Bourse' },
    user: { id: 'AAAAAAAAAAc', name: 'ada@example.org', displayName: 'ada@example.org' },
    challenge: CHALLENGE,
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    timeout: 300_000,
    excludeCredentials: [DESCRIPTOR],
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    attestation: 'none',
  },
];
export const REQUEST_OPTIONS = [
  {
    challenge: CHALLENGE,
    timeout: 300_000,
    rpId: 'example.org',
    allowCredentials: [DESCRIPTOR],
    userVerification: 'required',
  },
];
