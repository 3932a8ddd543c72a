// CloudEvents 1.0 over HTTP in binary mode: attributes as `ce-*` headers.

export interface BinaryEvent {
  /** Attributes and extensions without a prefix. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
}

export function binaryHeaders(event: BinaryEvent): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(event.attributes)) {
    headers[`ce-${name}`] = encodeHeader(value);
  }
  if (event.contentType !== undefined) headers['content-type'] = event.contentType;
  for (const name of ['traceparent', 'tracestate']) {
    const value = event.attributes[name];
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

/** HTTP binding 3.1.3.2: percent-encoded where a header could not carry it. */
function encodeHeader(value: string): string {
  return value.replace(/[^\x21\x23\x24\x26-\x7e]+/gu, (part) =>
    [...Buffer.from(part, 'utf8')]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}
