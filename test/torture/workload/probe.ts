// Measures recovery as a client feels it: the first order, sent after the fault, that the engine
// has answered.
import { userId } from '../../../shared/domain/ids.ts';
import { pause } from '../pause.ts';
import type { History } from './history.ts';
import type { ExchangeHttp } from './http.ts';
import type { Workload } from './workload.ts';

const PROBE_PAUSE_MS = 20;
const WAIT_SECONDS = 2;
/** Rests nowhere and trades with nobody: far below the market, and immediate. */
const PROBE_ORDER = {
  market: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '1',
  quantity: '0.1',
  timeInForce: 'IOC',
};

export class Probe {
  readonly #http: ExchangeHttp;
  readonly #workload: Workload;
  readonly #history: History;
  readonly #prefix: string;
  #count = 0;

  constructor(http: ExchangeHttp, workload: Workload, history: History, seed: number) {
    this.#http = http;
    this.#workload = workload;
    this.#history = history;
    this.#prefix = `p${seed}`;
  }

  /** Sends orders until the engine has answered one: its id, or null when none was in time. */
  async untilAnswered(timeoutMs: number): Promise<string | null> {
    const deadlineMs = performance.now() + timeoutMs;
    while (performance.now() < deadlineMs) {
      const orderId = await this.#sendOne();
      if (orderId !== null) return orderId;
      await pause(PROBE_PAUSE_MS);
    }
    return null;
  }

  async #sendOne(): Promise<string | null> {
    const { probeUser } = this.#workload;
    this.#count += 1;
    const clientOrderId = `${this.#prefix}-${this.#count}`;
    const line = { client: -1, request: this.#count, kind: 'place', clientOrderId } as const;
    const token = await this.#workload.token(userId(probeUser), false);
    this.#history.invokeOrder(clientOrderId, probeUser);
    this.#history.note({ ...line, phase: 'invoke', status: null, code: null, orderId: null });
    const answer = await this.#http.send({
      method: 'POST',
      path: '/v1/orders',
      token,
      body: { ...PROBE_ORDER, clientOrderId },
      headers: { prefer: `wait=${WAIT_SECONDS}` },
    });
    const { status, headers, body } = answer;
    const isUnknown = status === null || status >= 500;
    const orderId = typeof body['id'] === 'string' ? body['id'] : null;
    const phase = isUnknown ? 'info' : status >= 400 ? 'fail' : 'ok';
    this.#history.note({ ...line, phase, status, code: null, orderId });
    if (status === 401) await this.#workload.token(userId(probeUser), true);
    return headers['preference-applied'] === 'wait' ? orderId : null;
  }
}
