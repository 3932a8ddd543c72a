// The Content-Type header, as far as we care: the media type, and that text is UTF-8.

export interface ContentType {
  /** Lower case, without parameters. */
  readonly mediaType: string;
  readonly utf8: boolean;
}

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)"?/i;

export function parseContentType(header: string): ContentType {
  const semicolon = header.indexOf(';');
  if (semicolon < 0) return { mediaType: header.trim().toLowerCase(), utf8: true };
  const charset = CHARSET.exec(header)?.[1]?.toLowerCase();
  return {
    mediaType: header.slice(0, semicolon).trim().toLowerCase(),
    utf8: charset === undefined || charset === 'utf-8' || charset === 'utf8',
  };
}
