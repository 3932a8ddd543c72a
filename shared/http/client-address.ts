// The address of whoever sent a request. Headers can be forged, so what a header says counts only
// as far as our own proxies wrote it; what is in doubt is decided by the connection itself.

/** Stands for a peer whose connection is gone: nobody has it, and columns of addresses take it. */
export const UNKNOWN_ADDRESS = '0.0.0.0';

const GROUPS = 8;
const DECIMAL_IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const IPV4_WITH_PORT = /^([0-9.]+):[0-9]{1,5}$/;
const IPV6_IN_BRACKETS = /^\[([0-9A-Fa-f:.]+)\](:[0-9]{1,5})?$/;
const LEADING_ZERO = /(^|\.)0\d/;

/**
 * The peer's own address with no trusted proxy; with n of them the n-th entry from the right of
 * `X-Forwarded-For`, which the outermost of them wrote. A shorter list came past them, and an entry
 * that is no address was not written by one: then it is the peer's, which cannot be forged.
 */
export function clientAddressOf(
  peerAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string {
  const peer = peerAddress === undefined ? null : parseAddress(peerAddress);
  if (trustedProxies === 0 || forwardedFor === undefined) return peer ?? UNKNOWN_ADDRESS;
  const entry = entryFromRight(forwardedFor, trustedProxies);
  return (entry === null ? null : parseAddress(entry)) ?? peer ?? UNKNOWN_ADDRESS;
}

/** Counted from 1; null when there are not as many. */
function entryFromRight(list: string, position: number): string | null {
  let end = list.length;
  for (let seen = 1; ; seen += 1) {
    const comma = end === 0 ? -1 : list.lastIndexOf(',', end - 1);
    if (seen === position) return list.slice(comma + 1, end).trim();
    if (comma < 0) return null;
    end = comma;
  }
}

/**
 * One spelling for each address: IPv4 with dots, also where it is mapped into IPv6; IPv6 in lower
 * case, shortened by RFC 5952. Ports, brackets and zones are left out. Null for what is none.
 */
export function parseAddress(text: string): string | null {
  if (DECIMAL_IPV4.test(text)) return LEADING_ZERO.test(text) ? null : text;
  const withPort = IPV4_WITH_PORT.exec(text)?.[1];
  if (withPort !== undefined) return parseAddress(withPort);
  const inner = IPV6_IN_BRACKETS.exec(text)?.[1] ?? text;
  const groups = parseGroups(inner.replace(/%[A-Za-z0-9._-]{1,16}$/, ''));
  if (groups === null) return null;
  return mappedIpv4(groups) ?? formatGroups(groups);
}

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 address, which is the least
 * that one subscriber has. `address` as parseAddress writes it.
 */
export function clientNetworkOf(address: string): string {
  if (!address.includes(':')) return address;
  const groups = parseGroups(address);
  if (groups === null) return address;
  return `${formatGroups([...groups.slice(0, GROUPS / 2), 0, 0, 0, 0])}/64`;
}

/** The eight numbers of an IPv6 address; null for what is none. */
function parseGroups(text: string): number[] | null {
  if (text.length > 45 || !text.includes(':')) return null;
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseHalf(halves[0] ?? '', halves.length === 1);
  const tail = parseHalf(halves[1] ?? '', true);
  if (head === null || tail === null) return null;
  const missing = GROUPS - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

/** Only at the very end may the last two groups be written as IPv4. */
function parseHalf(text: string, isEnd: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    if (/^[0-9A-Fa-f]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const isLast = isEnd && at === parts.length - 1;
    if (!isLast || !DECIMAL_IPV4.test(part) || LEADING_ZERO.test(part)) return null;
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
    groups.push(a * 256 + b, c * 256 + d);
  }
  return groups;
}

/** `::ffff:1.2.3.4` is 1.2.3.4: a socket that listens on both families tells it so. */
function mappedIpv4(groups: readonly number[]): string | null {
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped) return null;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** RFC 5952: the longest run of zeros, the first of equals, is written `::`. */
function formatGroups(groups: readonly number[]): string {
  let [from, length] = [0, 1];
  for (let at = 0; at < groups.length; at += 1) {
    let end = at;
    while (groups[end] === 0) end += 1;
    if (end - at > length) [from, length] = [at, end - at];
  }
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`;
}
