// What a new API key may be.
import { describe, expect, it } from 'vitest';
import { isRejection } from '../../../shared/domain/rejection.ts';
import { decideTerms } from './decide.ts';
import { makeKeyBody, type MakeKeyBody } from './schema.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const BODY: MakeKeyBody = { label: 'bot', type: 'hmac' };

function decide(change: Partial<MakeKeyBody>) {
  const terms = decideTerms({ ...BODY, ...change }, NOW_MS);
  return isRejection(terms) ? terms.code : terms;
}

describe('C13 a key is refused', () => {
  it.each<[string, Partial<MakeKeyBody>, string]>([
    ['that may withdraw from anywhere', { scopes: ['withdraw'] }, 'API_KEY_ADDRESSES_REQUIRED'],
    ['of ed25519 without key', { type: 'ed25519' }, 'API_KEY_PUBLIC_KEY_MISPLACED'],
    ['of hmac with a key', { publicKey: 'x' }, 'API_KEY_PUBLIC_KEY_MISPLACED'],
    ['that has expired', { expiresAt: '2026-01-01T00:00:00Z' }, 'API_KEY_EXPIRY_INVALID'],
    [
      'that has expired, with addresses',
      { expiresAt: '2025-12-31T00:00:00Z', addresses: ['192.0.2.7'] },
      'API_KEY_EXPIRY_INVALID',
    ],
    [
      'of more than 90 days from anywhere',
      { expiresAt: '2026-04-01T00:00:00.001Z' },
      'API_KEY_EXPIRY_INVALID',
    ],
  ])('%s', (_name, change, code) => {
    expect(decide(change)).toBe(code);
  });
});

describe('C13 a key', () => {
  it('may only read unless asked otherwise, and ends after 90 days', () => {
    expect(decide({})).toEqual({
      scopes: ['read'],
      markets: null,
      addresses: null,
      expiresAtMs: NOW_MS + 90 * 86_400_000,
    });
    const expiresAt = '2026-04-01T00:00:00Z';
    expect(decide({ expiresAt })).toMatchObject({ expiresAtMs: Date.parse(expiresAt) });
  });

  it('lives on when it is good from some addresses alone', () => {
    const addresses = ['192.0.2.0/24'];
    expect(decide({ addresses })).toMatchObject({ expiresAtMs: null });
    expect(decide({ addresses, scopes: ['withdraw'] })).toMatchObject({ scopes: ['withdraw'] });
  });
});

describe('the body of a key', () => {
  it.each<[string, object]>([
    ['an unknown type', { type: 'rsa' }],
    ['no label', { label: '' }],
    ['a label with a line break', { label: 'a\nb' }],
    ['a label with a line separator', { label: 'a\u2028b' }],
    ['a label with a character that nobody has given a meaning', { label: '\u{3c053}' }],
    ['no scope', { scopes: [] }],
    ['a scope twice', { scopes: ['read', 'read'] }],
    ['an unknown scope', { scopes: ['admin'] }],
    ['no market', { markets: [] }],
    ['a market twice', { markets: ['BTC-USD', 'BTC-USD'] }],
    ['no address', { addresses: [] }],
    ['too many addresses', { addresses: Array.from({ length: 33 }, (_, at) => `192.0.2.${at}`) }],
    ['every IPv4 address', { addresses: ['0.0.0.0/0'] }],
    ['half of IPv4', { addresses: ['128.0.0.0/1'] }],
    ['every IPv6 address', { addresses: ['::/0'] }],
    ['a mapped address', { addresses: ['::ffff:192.0.2.7'] }],
    ['a mapped block', { addresses: ['::ffff:0:0/96'] }],
    ['a mapped address written in full', { addresses: ['0:0:0:0:0:ffff:c000:207'] }],
    ['a prefix too long', { addresses: ['192.0.2.0/33'] }],
    ['a zone', { addresses: ['fe80::1%eth0'] }],
    ['a name', { addresses: ['example.com'] }],
    ['an unknown field', { admin: true }],
  ])('has not %s', (_name, change) => {
    expect(makeKeyBody.safeParse({ ...BODY, ...change }).success).toBe(false);
  });

  it('has addresses and blocks of both kinds', () => {
    const addresses = ['192.0.2.7', '10.0.0.0/8', '2001:db8::1', '2001:db8::/32'];
    expect(makeKeyBody.safeParse({ ...BODY, addresses }).success).toBe(true);
  });
});
