// A client, a server, and the two flows between them. Knows how each toxic begins and ends.
import { connect, type Socket } from 'node:net';
import { pause } from '../pause.ts';
import { Flow } from './flow.ts';
import type { Direction, Toxic } from './toxics.ts';

export interface ConnectionOptions {
  readonly client: Socket;
  readonly targetPort: number;
  /** Names the link by the first bytes; null for none. */
  readonly nameOf: (first: Buffer) => string | null;
  readonly toxicOf: (link: string, direction: Direction) => Toxic | null;
  readonly jitter: () => number;
  readonly onClosed: () => void;
}

export class Connection {
  /** Empty until the first bytes have come. */
  link = '';
  readonly #options: ConnectionOptions;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #flows: Readonly<Record<Direction, Flow>>;
  #open = 2;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#server = connect({ port: options.targetPort, host: '127.0.0.1', allowHalfOpen: true });
    const [client, server] = [this.#client, this.#server];
    const flow = (direction: Direction, from: Socket, to: Socket): Flow =>
      new Flow({
        from,
        to,
        toxic: () => this.#toxic(direction),
        jitter: options.jitter,
        reset: () => this.reset(),
      });
    client.once('data', (first: Buffer) => this.#name(first));
    this.#flows = { up: flow('up', client, server), down: flow('down', server, client) };
    this.#passEnds('up', client, server);
    this.#passEnds('down', server, client);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#open -= 1;
        if (this.#open === 0) options.onClosed();
      });
    }
  }

  /** A toxic was put on this link. */
  begin(direction: Direction, toxic: Toxic): void {
    this.#flows[direction].begin();
    if (toxic.kind === 'down') this.reset();
    if (toxic.kind === 'reset_peer') void pause(toxic.afterMs).then(() => this.reset());
    // The side that this direction leads to is gone; the one it comes from is not told.
    if (toxic.kind === 'half_open') {
      const far = direction === 'up' ? this.#server : this.#client;
      far.resetAndDestroy();
      this.#flows[direction].isBroken = true;
    }
  }

  /** The toxic is gone. A reader that has missed bytes is told, unless the link never heals. */
  heal(direction: Direction, toxic: Toxic): void {
    const staysDeaf = toxic.kind === 'black_hole' && !toxic.heals;
    if (this.#flows[direction].isBroken && !staysDeaf) this.reset();
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }

  #name(first: Buffer): void {
    this.link = this.#options.nameOf(first) ?? 'unknown';
    for (const direction of ['up', 'down'] as const) {
      const toxic = this.#toxic(direction);
      // Who comes in the middle of it is treated as those who were there.
      if (toxic?.kind === 'down' || toxic?.kind === 'reset_peer') this.begin(direction, toxic);
    }
  }

  #toxic(direction: Direction): Toxic | null {
    return this.link === '' ? null : this.#options.toxicOf(this.link, direction);
  }

  /** Hands over what is on its way, then the end itself: FIN as FIN, RST as RST. */
  #passEnds(direction: Direction, from: Socket, to: Socket): void {
    let reset = false;
    from.once('error', () => (reset = true));
    const finish = async (isReset: boolean): Promise<void> => {
      const toxic = this.#toxic(direction);
      if (toxic?.kind === 'slow_close') await pause(toxic.delayMs);
      const flow = this.#flows[direction];
      while (flow.isBusy) await pause(1);
      if (this.#isHalfOpen()) flow.isBroken = true;
      if (flow.isBroken) return;
      if (isReset) to.resetAndDestroy();
      else to.end();
    };
    from.once('end', () => void finish(false));
    from.once('close', () => void finish(reset));
  }

  #isHalfOpen(): boolean {
    return (['up', 'down'] as const).some((each) => this.#toxic(each)?.kind === 'half_open');
  }
}
