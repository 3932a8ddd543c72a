// Opens a port of this machine; a port in use is explained.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { findPortHolder } from './port-holder.ts';

/** Only this machine may reach the emulator: it hands out tokens and money. */
export const BIND_ADDRESS = '127.0.0.1';

export class PortInUse extends Error {
  override readonly name = 'PortInUse';
}

/** Answers the port, which is the one given unless that was 0. Throws PortInUse. */
export async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, BIND_ADDRESS);
  try {
    await once(server, 'listening');
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause;
    const holder = findPortHolder(port);
    const who = holder === null ? '' : ` by pid ${holder.pid} (${holder.command})`;
    throw new PortInUse(`port ${port} is in use${who}: stop it, or take another with --port`, {
      cause,
    });
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Stops taking requests; cuts what is still open after the grace. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
