// C13 Public keys in both forms, and those that no signature can be trusted by.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parsePublicKey } from './public-key.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const PEM = publicKey.export({ format: 'pem', type: 'spki' }).toString();
const RAW = publicKey.export({ format: 'der', type: 'spki' }).subarray(12);

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

describe('C13 a public key is refused', () => {
  it.each([
    ['of nothing', ''],
    ['of 31 bytes', Buffer.alloc(31, 9).toString('base64')],
    ['of 33 bytes', Buffer.alloc(33, 9).toString('base64')],
    ['in hex', RAW.toString('hex')],
    ['in base64url', `${'_'.repeat(43)}=`],
    ['with something before it', ` ${RAW.toString('base64')}`],
    ['that is the private one', privateKey.export({ format: 'pem', type: 'pkcs8' })],
    [
      'of RSA',
      generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({
        format: 'pem',
        type: 'spki',
      }),
    ],
    ['of X25519', generateKeyPairSync('x25519').publicKey.export({ format: 'pem', type: 'spki' })],
    ['of Ed448', generateKeyPairSync('ed448').publicKey.export({ format: 'pem', type: 'spki' })],
    ['of two in one', `${PEM}${PEM}`],
    ['of order 1', base64(`01${'00'.repeat(31)}`)],
    ['of order 2', base64(`ec${'ff'.repeat(30)}7f`)],
    ['of order 4', base64('00'.repeat(32))],
    ['of order 4, the other sign', base64(`${'00'.repeat(31)}80`)],
    ['of order 8', base64('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')],
    [
      'of order 8, the other one',
      base64('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'),
    ],
    ['not written in the one way', base64(`ed${'ff'.repeat(30)}7f`)],
    ['that is no point of the curve', base64(`02${'00'.repeat(31)}`)],
  ])('%s', (_name, text) => {
    expect(parsePublicKey(text.toString())).toBeNull();
  });
});

describe('C13 a public key', () => {
  it('is read from PEM and from base64', () => {
    expect(parsePublicKey(PEM)).toEqual(RAW);
    expect(parsePublicKey(PEM.replaceAll('\n', '\r\n'))).toEqual(RAW);
    expect(parsePublicKey(RAW.toString('base64'))).toEqual(RAW);
  });

  it('is never refused when it was drawn as it should be', () => {
    for (let times = 0; times < 50; times += 1) {
      const drawn = generateKeyPairSync('ed25519').publicKey;
      expect(
        parsePublicKey(drawn.export({ format: 'pem', type: 'spki' }).toString()),
      ).not.toBeNull();
    }
  });
});
