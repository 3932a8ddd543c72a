// The addresses that a key may be used from.
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { TerminalError } from '../../domain/failure.ts';

/** An IPv4 address as a socket that takes both kinds shows it. */
const MAPPED = /^::ffff:([0-9.]+)$/i;

export class AddressList {
  readonly #blocks = new BlockList();

  /** `blocks` as Postgres writes a cidr: `192.0.2.0/24`. Throws for anything else. */
  constructor(blocks: readonly string[]) {
    for (const block of blocks) {
      const [network = '', prefix = ''] = block.split('/');
      const family = familyOf(network);
      if (family === null || !/^[0-9]{1,3}$/.test(prefix)) {
        throw new TerminalError('an allowed address is no CIDR block');
      }
      this.#blocks.addSubnet(network, Number(prefix), family);
    }
  }

  /** False for what is no address, and for none. */
  has(address: string | undefined): boolean {
    const plain = MAPPED.exec(address ?? '')?.[1] ?? address ?? '';
    const family = familyOf(plain);
    return family !== null && this.#blocks.check(plain, family);
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  if (isIPv4(address)) return 'ipv4';
  // A zone belongs to one machine's own links: no caller comes from there.
  return isIPv6(address) && !address.includes('%') ? 'ipv6' : null;
}
