// Signed statements of where the audit log's chains ended: the topic audit.anchors, and the files.
import { z } from 'zod';
import { timeMsField } from './fields.ts';

export const anchorSchema = z.strictObject({
  heads: z.array(
    z.strictObject({
      stream: z.string(),
      sequence: z.int().min(0),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
  atMs: timeMsField,
  /** Which key signed: the first 16 hex digits of the SHA-256 of its public part (SPKI, DER). */
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  /** Ed25519 over `bourse audit anchor v1`, LF, and the canonical JSON of the other fields. */
  signature: z.base64(),
});
export type Anchor = z.output<typeof anchorSchema>;
