// The headers of a signed request and the text that is signed. Pure: strict in what it takes, so
// that one request has one text and one signature.
import { parseKeyId } from '../../domain/ids.ts';

/** Without the header. */
export const RECEIVE_WINDOW_MS = 5_000;
export const RECEIVE_WINDOW_MS_MAX = 60_000;
/** How far ahead of ours the clock of the caller may be. */
export const AHEAD_MS_MAX = 1_000;

export const ED25519_SIGNATURE_BYTES = 64;
export const HMAC_SIGNATURE_BYTES = 32;

export const KEY_HEADER = 'bourse-key';
export const SIGNATURE_HEADERS = [
  KEY_HEADER,
  'bourse-timestamp',
  'bourse-receive-window',
  'bourse-signature',
] as const;

export interface SignatureHeaders {
  readonly keyNumber: number;
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  readonly receiveWindowMs: number;
  /** 32 bytes of HMAC-SHA-256 or 64 of Ed25519. */
  readonly signature: Buffer;
}

type Headers = Readonly<Record<string, string | undefined>>;

const TIMESTAMP = /^[1-9][0-9]{0,14}$/;
const RECEIVE_WINDOW = /^[1-9][0-9]{0,4}$/;
/** Base64 of 32 or 64 bytes. */
const SIGNATURE = /^(?:[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==)$/;

/** True when any header says that the request is signed. */
export function isSigned(headers: Headers): boolean {
  return SIGNATURE_HEADERS.some((name) => headers[name] !== undefined);
}

/** Null for anything that is missing or not written in the one way. */
export function parseSignatureHeaders(headers: Headers): SignatureHeaders | null {
  const keyNumber = parseKeyId(headers[KEY_HEADER]);
  const timestamp = headers['bourse-timestamp'] ?? '';
  const window = headers['bourse-receive-window'] ?? String(RECEIVE_WINDOW_MS);
  const text = headers['bourse-signature'] ?? '';
  if (keyNumber === null || !TIMESTAMP.test(timestamp)) return null;
  if (!RECEIVE_WINDOW.test(window) || !SIGNATURE.test(text)) return null;
  const receiveWindowMs = Number(window);
  if (receiveWindowMs > RECEIVE_WINDOW_MS_MAX) return null;
  const signature = Buffer.from(text, 'base64');
  // The last character has bits that decode to nothing: another text of the same bytes.
  if (signature.toString('base64') !== text) return null;
  return { keyNumber, timestampMs: Number(timestamp), receiveWindowMs, signature };
}

/** Whether the request is of now; both ends belong to the window. */
export function isTimely(
  { timestampMs, receiveWindowMs }: Pick<SignatureHeaders, 'timestampMs' | 'receiveWindowMs'>,
  nowMs: number,
): boolean {
  return timestampMs - nowMs <= AHEAD_MS_MAX && nowMs - timestampMs <= receiveWindowMs;
}

export interface SignedParts {
  readonly timestampMs: number;
  readonly receiveWindowMs: number;
  readonly method: string;
  /** Path and query as they stand on the request line. */
  readonly target: string;
  /** SHA-256 of the body in lower-case hex. */
  readonly bodySha256: string;
}

export function signedText(parts: SignedParts): string {
  const { timestampMs, receiveWindowMs, method, target, bodySha256 } = parts;
  return `${timestampMs}\n${receiveWindowMs}\n${method}\n${target}\n${bodySha256}`;
}
