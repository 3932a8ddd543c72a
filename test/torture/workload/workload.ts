// All clients together: their users, their money, their tokens.
import { userId } from '../../../shared/domain/ids.ts';
import type { EmulatorProcess } from '../cluster/emulator-process.ts';
import { Draw } from '../draw.ts';
import { pause } from '../pause.ts';
import { Client } from './client.ts';
import type { History } from './history.ts';
import type { ExchangeHttp } from './http.ts';

/** Far from the users of a person who looks on. */
const FIRST_USER = 1_000;
/** Enough for a while, little enough that some orders are refused for want of funds. */
const FUNDS: Readonly<Record<string, string>> = {
  USD: '200000',
  BTC: '5',
  ETH: '80',
  SOL: '2000',
};
const TOKEN_AGE_MAX_MS = 600_000;
const TOKEN_PAUSE_MS = 250;

export interface WorkloadOptions {
  readonly emulator: EmulatorProcess;
  readonly http: ExchangeHttp;
  readonly history: History;
  readonly clients: number;
  readonly requestsPerSecond: number;
  readonly seed: number;
}

export class Workload {
  /** Used by the measurements of recovery. */
  readonly probeUser: number;
  readonly users: readonly number[];
  readonly #options: WorkloadOptions;
  readonly #clients: readonly Client[];
  readonly #tokens = new Map<string, { readonly token: string; readonly signedMs: number }>();

  constructor(options: WorkloadOptions) {
    this.#options = options;
    const { clients, requestsPerSecond, seed, http, history } = options;
    this.users = Array.from({ length: clients }, (_, at) => FIRST_USER + at);
    this.probeUser = FIRST_USER + clients;
    this.#clients = this.users.map(
      (userNumber, number) =>
        new Client({
          number,
          userNumber,
          prefix: `t${seed}`,
          http,
          history,
          draw: new Draw(seed * 1_000 + number),
          token: (user, renew) => this.token(user, renew),
          paceMs: (1_000 * clients) / requestsPerSecond,
        }),
    );
  }

  /** Before any fault: a deposit that is repeated is money twice. */
  async fund(): Promise<void> {
    const { emulator } = this.#options;
    for (const number of [...this.users, this.probeUser]) {
      for (const [asset, amount] of Object.entries(FUNDS)) {
        await emulator.post('/fund', { user: userId(number), asset, amount });
      }
    }
  }

  start(): void {
    for (const client of this.#clients) client.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.stop()));
  }

  /** Waits for the issuer when it is down. */
  async token(user: string, renew: boolean): Promise<string> {
    const known = this.#tokens.get(user);
    const isYoung = known !== undefined && performance.now() - known.signedMs < TOKEN_AGE_MAX_MS;
    if (isYoung && !renew) return known.token;
    for (;;) {
      try {
        const { token } = await this.#options.emulator.post('/tokens', { user });
        const signed = { token: String(token), signedMs: performance.now() };
        this.#tokens.set(user, signed);
        return signed.token;
      } catch {
        if (known !== undefined) return known.token;
        await pause(TOKEN_PAUSE_MS);
      }
    }
  }
}
