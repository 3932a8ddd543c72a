// C13 The addresses that a key may be used from: both families, mapped ones, the edges of blocks.
import { describe, expect, it } from 'vitest';
import { AddressList } from './address-list.ts';

describe('C13 an address list', () => {
  it.each([
    ['192.0.2.7/32', '192.0.2.7', true],
    ['192.0.2.7/32', '192.0.2.8', false],
    ['192.0.2.7/32', '::ffff:192.0.2.7', true],
    ['192.0.2.7/32', '::FFFF:192.0.2.7', true],
    ['192.0.2.7/32', '::ffff:c000:207', true],
    ['192.0.2.7/32', '::ffff:192.0.2.8', false],
    ['192.0.2.7/32', '::192.0.2.7', false],
    ['192.0.2.0/24', '192.0.1.255', false],
    ['192.0.2.0/24', '192.0.2.0', true],
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.128/25', '192.0.2.128', true],
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['2001:db8::1/128', '2001:db8::1', true],
    ['2001:db8::1/128', '2001:0DB8:0:0:0:0:0:1', true],
    ['2001:db8::1/128', '2001:db8::2', false],
    ['2001:db8::/32', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', false],
    ['2001:db8::/32', '2001:db8::', true],
    ['2001:db8::/32', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['2001:db8::/32', '192.0.2.7', false],
    ['2001:db8::/32', 'fe80::1%eth0', false],
    ['192.0.2.7/32', '192.0.2.7, 192.0.2.8', false],
    ['192.0.2.7/32', '192.0.2.7:443', false],
    ['192.0.2.7/32', '192.0.2.007', false],
    ['192.0.2.7/32', '', false],
    ['192.0.2.7/32', undefined, false],
  ])('of %s has %s: %s', (block, address, allowed) => {
    expect(new AddressList([block]).has(address)).toBe(allowed);
  });

  it('has what any of its blocks has', () => {
    const list = new AddressList(['192.0.2.0/24', '2001:db8::/32']);
    expect([list.has('192.0.2.1'), list.has('2001:db8::1'), list.has('10.0.0.1')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each(['', '192.0.2.7', '192.0.2.7/33', '192.0.2.7/x', 'localhost/8'])(
    'is not made of %j',
    (block) => {
      expect(() => new AddressList([block])).toThrow();
    },
  );
});
