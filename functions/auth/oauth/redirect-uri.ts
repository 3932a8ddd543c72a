// Where a user is sent back to: which URIs a client may have, and what is added to them.
import { URI_CHARACTERS_MAX } from './schema.ts';

/** RFC 8252: a native app on this very machine; nothing goes over a network. */
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);
/** RFC 8252, 7.1: a scheme of its own is a domain name turned round. */
const PRIVATE_SCHEME = /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+:$/;
const VISIBLE = /^[\x21-\x7e]+$/;

/** What is wrong with a redirect URI, or null: https, a private scheme, or a loopback address. */
export function findRedirectFault(uri: string): string | null {
  if (!VISIBLE.test(uri) || uri.length > URI_CHARACTERS_MAX) {
    return `is not 1 to ${URI_CHARACTERS_MAX} visible ASCII characters`;
  }
  if (!URL.canParse(uri)) return 'is no absolute URI';
  const { protocol, hostname, username, password } = new URL(uri);
  if (uri.includes('#')) return 'has a fragment';
  if (uri.includes('*')) return 'has a wildcard: it is compared as it stands';
  if (username !== '' || password !== '') return 'has a user or password';
  if (protocol === 'https:' || PRIVATE_SCHEME.test(protocol)) return null;
  if (protocol === 'http:' && LOOPBACK_HOSTS.has(hostname)) return null;
  return 'is neither https, nor of a private scheme such as com.example.app, nor a loopback one';
}

/** The URI as registered, its own query kept as it is, and the answer behind it. */
export function addToRedirect(uri: string, answer: Readonly<Record<string, string>>): string {
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams(answer).toString()}`;
}
