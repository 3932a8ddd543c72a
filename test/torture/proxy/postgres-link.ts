// Who connects: the user in the first message of a Postgres connection names the link, so that one
// proxy can hurt the link of one process and leave the others alone.

const HEAD_BYTES = 8;
const PROTOCOL_3 = 3;

/** The user's name; null for what is no start-up message, such as a cancel request. */
export function nameOfPostgresClient(first: Buffer): string | null {
  if (first.length < HEAD_BYTES || first.readUInt16BE(4) !== PROTOCOL_3) return null;
  const words = first.toString('utf8', HEAD_BYTES).split('\0');
  for (let at = 0; at + 1 < words.length; at += 2) {
    if (words[at] === 'user') return words[at + 1] ?? null;
  }
  return null;
}
