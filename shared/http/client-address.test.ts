// Whose address counts: the table of headers that are honest, forged, short and malformed.
import { describe, expect, it } from 'vitest';
import {
  clientAddressOf,
  clientNetworkOf,
  parseAddress,
  UNKNOWN_ADDRESS,
} from './client-address.ts';

const PEER = '10.0.0.7';

describe('C31 the address of a client', () => {
  it.each([
    // Nothing is trusted: the header does not exist.
    [0, PEER, '1.1.1.1', PEER],
    [0, PEER, undefined, PEER],
    [0, '::ffff:10.0.0.7', '1.1.1.1, 2.2.2.2', PEER],
    // One proxy of ours: what it wrote, whatever stands before it.
    [1, PEER, '1.1.1.1', '1.1.1.1'],
    [1, PEER, '6.6.6.6, 1.1.1.1', '1.1.1.1'],
    [1, PEER, '6.6.6.6,7.7.7.7,  1.1.1.1  ', '1.1.1.1'],
    [1, PEER, ',,,1.1.1.1', '1.1.1.1'],
    [1, PEER, '6.6.6.6, 2001:DB8::1', '2001:db8::1'],
    [1, PEER, '6.6.6.6, [2001:db8::1]:443', '2001:db8::1'],
    [1, PEER, '6.6.6.6, 1.1.1.1:5123', '1.1.1.1'],
    [1, PEER, '6.6.6.6, ::ffff:1.1.1.1', '1.1.1.1'],
    // Three: the two on the right are proxies of ours.
    [3, PEER, '6.6.6.6, 1.1.1.1, 10.0.0.1, 10.0.0.2', '1.1.1.1'],
    [3, PEER, '1.1.1.1, 10.0.0.1, 10.0.0.2', '1.1.1.1'],
    // Came past the proxies, or the number is wrong: the connection decides.
    [3, PEER, '1.1.1.1, 10.0.0.2', PEER],
    [1, PEER, undefined, PEER],
    [2, PEER, '', PEER],
    [1, PEER, '', PEER],
    // Not written by a proxy of ours.
    [1, PEER, '1.1.1.1, unknown', PEER],
    [1, PEER, '1.1.1.1, _hidden', PEER],
    [1, PEER, '1.1.1.1, for=2.2.2.2', PEER],
    [1, PEER, '1.1.1.1,', PEER],
    [1, PEER, '1.1.1.256', PEER],
    [1, PEER, '01.1.1.1', PEER],
    [1, PEER, '1.1.1', PEER],
    [1, PEER, '::1::', PEER],
    [1, PEER, '[::1', PEER],
    [1, PEER, '1.1.1.1 2.2.2.2', PEER],
    // The connection is gone.
    [0, undefined, '1.1.1.1', UNKNOWN_ADDRESS],
    [1, undefined, 'nonsense', UNKNOWN_ADDRESS],
    [1, undefined, '1.1.1.1', '1.1.1.1'],
  ])('%i proxies, peer %s, header %j: %s', (proxies, peer, header, address) => {
    expect(clientAddressOf(peer, header, proxies)).toBe(address);
  });
});

describe('an address', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:0DB8:0000:0000:0008:0800:200C:417A', '2001:db8::8:800:200c:417a'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1::', '1::'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:102:304', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['[::1]', '::1'],
    ['1:2:3:4:5:6:7', null],
    ['1:2:3:4:5:6:7:8:9', null],
    ['1:2:3:4::5:6:7:8', null],
    [':1:2:3:4:5:6:7', null],
    ['12345::', null],
    ['::1.2.3', null],
    ['1.2.3.4::', null],
    ['localhost', null],
    ['', null],
    ['0x7f.0.0.1', null],
    ['2130706433', null],
  ])('%s is %s', (text, address) => {
    expect(parseAddress(text)).toBe(address);
  });
});

describe('C20 what counts as one client', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['::1', '::/64'],
  ])('%s is of %s', (address, network) => {
    expect(clientNetworkOf(address)).toBe(network);
  });
});
