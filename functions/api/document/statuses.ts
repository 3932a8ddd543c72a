// What a status says, in a sentence. Pure texts of the OpenAPI page.
export const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted; not done yet.',
  204: 'Done; nothing to say.',
  304: 'As you have it already.',
  400: 'Malformed.',
  401: 'The caller is not known.',
  403: 'The caller may not do this.',
  404: 'Not there, or not yours.',
  405: 'The route exists, but not for this method; see Allow.',
  408: 'The request did not come to its end in time.',
  409: 'In conflict with the present state.',
  413: 'The body is too large.',
  415: 'The body has a type that is not taken.',
  418: 'Kept out for a while; see Retry-After.',
  422: 'Understood, but refused by a rule.',
  429: 'Too many requests; see Retry-After.',
  431: 'The headers are larger than 16 KiB.',
  500: 'Broken on our side.',
  503: 'Not at the moment; see Retry-After.',
};

export function statusText(status: number): string {
  return STATUS_TEXTS[status] ?? (status < 400 ? 'Answered.' : 'Refused.');
}
