// The headers of a signed request: one way to write each, and one text to be signed.
import { describe, expect, it } from 'vitest';
import { isSigned, isTimely, parseSignatureHeaders, signedText } from './signature-headers.ts';

const HMAC = Buffer.alloc(32, 7).toString('base64');
const GOOD = {
  'bourse-key': 'key_0000000000000012',
  'bourse-timestamp': '1700000000000',
  'bourse-receive-window': '60000',
  'bourse-signature': HMAC,
};

describe('headers of a signed request are refused', () => {
  it.each([
    ['without a key', { 'bourse-key': undefined }],
    ['with an id of another kind', { 'bourse-key': 'ses_0000000000000012' }],
    ['with a key of number zero', { 'bourse-key': 'key_0000000000000000' }],
    ['with two keys', { 'bourse-key': 'key_0000000000000012, key_0000000000000013' }],
    ['without a timestamp', { 'bourse-timestamp': undefined }],
    ['with a timestamp that has a fraction', { 'bourse-timestamp': '1700000000000.5' }],
    ['with a timestamp with a sign', { 'bourse-timestamp': '+1700000000000' }],
    ['with a timestamp with a leading zero', { 'bourse-timestamp': '01700000000000' }],
    ['with a timestamp in another base', { 'bourse-timestamp': '0x18bcfe56800' }],
    ['with a timestamp as a date', { 'bourse-timestamp': '2026-01-01T00:00:00Z' }],
    ['with a timestamp of too many digits', { 'bourse-timestamp': '1'.repeat(16) }],
    ['with a window of nothing', { 'bourse-receive-window': '0' }],
    ['with an empty window', { 'bourse-receive-window': '' }],
    ['with a window above a minute', { 'bourse-receive-window': '60001' }],
    ['with a negative window', { 'bourse-receive-window': '-1' }],
    ['with a window with a leading zero', { 'bourse-receive-window': '05000' }],
    ['without a signature', { 'bourse-signature': undefined }],
    ['with an empty signature', { 'bourse-signature': '' }],
    ['with a signature in hex', { 'bourse-signature': '07'.repeat(32) }],
    ['with a signature in base64url', { 'bourse-signature': `${'_'.repeat(43)}=` }],
    ['with a signature without padding', { 'bourse-signature': HMAC.slice(0, -1) }],
    ['with a signature with idle bits set', { 'bourse-signature': `${'A'.repeat(42)}B=` }],
    ['with a signature of 31 bytes', { 'bourse-signature': Buffer.alloc(31).toString('base64') }],
    ['with a signature of 65 bytes', { 'bourse-signature': Buffer.alloc(65).toString('base64') }],
    ['with two signatures', { 'bourse-signature': `${HMAC}, ${HMAC}` }],
  ])('%s', (_name, change: Record<string, string | undefined>) => {
    expect(parseSignatureHeaders({ ...GOOD, ...change })).toBeNull();
  });
});

describe('headers of a signed request', () => {
  it('are read as they stand', () => {
    expect(parseSignatureHeaders(GOOD)).toEqual({
      keyNumber: 12,
      timestampMs: 1_700_000_000_000,
      receiveWindowMs: 60_000,
      signature: Buffer.alloc(32, 7),
    });
    const unsaid = { ...GOOD, 'bourse-receive-window': undefined };
    expect(parseSignatureHeaders(unsaid)?.receiveWindowMs).toBe(5_000);
    const ed25519 = { ...GOOD, 'bourse-signature': Buffer.alloc(64, 9).toString('base64') };
    expect(parseSignatureHeaders(ed25519)?.signature).toHaveLength(64);
  });

  it.each(Object.entries(GOOD))('make a request signed by one alone: %s', (name, value) => {
    expect(isSigned({ [name]: value })).toBe(true);
  });

  it('are not there in a request with a token', () => {
    expect(isSigned({ authorization: 'Bearer a.b.c', host: 'bourse' })).toBe(false);
  });
});

describe('C14 the window', () => {
  const signed = { timestampMs: 1_000_000, receiveWindowMs: 5_000 };
  it.each([
    ['1 s ahead', 999_000, true],
    ['more than 1 s ahead', 998_999, false],
    ['now', 1_000_000, true],
    ['as old as the window', 1_005_000, true],
    ['older than the window', 1_005_001, false],
  ])('%s', (_name, nowMs, timely) => {
    expect(isTimely(signed, nowMs)).toBe(timely);
  });
});

describe('the text that is signed', () => {
  const parts = {
    timestampMs: 1_700_000_000_000,
    receiveWindowMs: 5_000,
    method: 'POST',
    target: '/v1/orders?a=1',
    bodySha256: 'ab',
  };

  it('has one line for each part, and none after the last', () => {
    expect(signedText(parts)).toBe('1700000000000\n5000\nPOST\n/v1/orders?a=1\nab');
  });

  it('is another for each other part', () => {
    const others = [
      { timestampMs: 1_700_000_000_001 },
      { receiveWindowMs: 5_001 },
      { method: 'PUT' },
      { target: '/v1/orders?a=2' },
      { bodySha256: 'ac' },
    ].map((change) => signedText({ ...parts, ...change }));
    expect(new Set([signedText(parts), ...others]).size).toBe(6);
  });
});
