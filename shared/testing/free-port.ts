// Ports for servers that are started here, and started again on the same port after a crash.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range that systems hand out to outgoing connections (32768 and up on Linux, 49152 on
 * others): there, any client could take the port while its server is down, even one that is only
 * trying to reach it again.
 */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;

/** Answers the first of `count` neighbouring TCP ports of 127.0.0.1, free a moment ago. */
export async function findFreePort(count = 1): Promise<number> {
  for (;;) {
    const first = randomInt(PORT_MIN, PORT_MAX - count);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
