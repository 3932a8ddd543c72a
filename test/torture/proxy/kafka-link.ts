// Who connects: the client id in the head of the first Kafka request names the link, so that one
// proxy can hurt the link of one client and leave the others alone.

/** Size (4), API key (2), API version (2), correlation id (4), length of the client id (2). */
const HEAD_BYTES = 14;
const VERSION_AT = 6;
const LENGTH_AT = 12;
/** API versions are small: a first line of text, or a TLS hello, is no request. */
const VERSION_MAX = 50;

/** The client id; null for what has none, or is not the beginning of a request. */
export function nameOfKafkaClient(first: Buffer): string | null {
  if (first.length < HEAD_BYTES) return null;
  const size = first.readInt32BE(0);
  const version = first.readInt16BE(VERSION_AT);
  const length = first.readInt16BE(LENGTH_AT);
  if (version < 0 || version > VERSION_MAX || length <= 0) return null;
  const end = HEAD_BYTES + length;
  // The id must lie within the request, and all of it must have come.
  if (end > 4 + size || end > first.length) return null;
  return first.toString('utf8', HEAD_BYTES, end);
}
