// What the servers of this benchmark have in common: each is a process of its own that says its
// port and, when asked, the CPU time it has used.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

export function reportTo(port: number): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ port });
}
