// A TCP proxy that hurts: each link in each direction alone. Our own, because what tests the
// exchange should need nothing but Node.
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { Connection } from './connection.ts';
import type { Direction, Toxic } from './toxics.ts';

export interface FaultProxyOptions {
  readonly targetPort: number;
  /** Where it listens; any free port when not given. */
  readonly port?: number;
  /** Names the link of a connection by its first bytes; null puts it on the link `unknown`. */
  readonly nameOf: (first: Buffer) => string | null;
}

export class FaultProxy {
  readonly #options: FaultProxyOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #toxics = new Map<string, Toxic>();

  private constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const connection = new Connection({
        client,
        targetPort: options.targetPort,
        nameOf: options.nameOf,
        toxicOf: (link, direction) => this.#toxics.get(`${link}/${direction}`) ?? null,
        jitter: Math.random,
        onClosed: () => this.#connections.delete(connection),
      });
      this.#connections.add(connection);
    });
  }

  static async open(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.#server.listen(options.port ?? 0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy is closed');
    return address.port;
  }

  /** Connections of a link, both ends of which need not be alive. */
  count(link: string): number {
    return this.#of(link).length;
  }

  add(link: string, direction: Direction, toxic: Toxic): void {
    this.#toxics.set(`${link}/${direction}`, toxic);
    for (const connection of this.#of(link)) connection.begin(direction, toxic);
  }

  remove(link: string, direction: Direction): void {
    const key = `${link}/${direction}`;
    const toxic = this.#toxics.get(key);
    this.#toxics.delete(key);
    if (toxic === undefined) return;
    for (const connection of this.#of(link)) connection.heal(direction, toxic);
  }

  clear(): void {
    for (const key of [...this.#toxics.keys()]) {
      const [link = '', direction] = key.split('/');
      this.remove(link, direction === 'up' ? 'up' : 'down');
    }
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#connections) connection.reset();
    await closed;
  }

  #of(link: string): Connection[] {
    return [...this.#connections].filter((connection) => connection.link === link);
  }
}
