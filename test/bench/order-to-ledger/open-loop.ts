// Sends requests at a fixed rate whether or not answers keep up.
import { Pool } from 'undici';

export interface Planned {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly token: string;
  readonly body: string | null;
}

export interface Sent {
  readonly kind: 'place' | 'cancel';
  /** Wall clock, when the request was due. */
  readonly dueAtMs: number;
  /** From due to answered. */
  readonly latencyMs: number;
  /** 0 when the connection failed. */
  readonly status: number;
  /** Of the order that was placed, or that a cancel names. */
  readonly orderId: string | null;
}

export interface OpenLoopOptions {
  readonly url: string;
  readonly rate: number;
  readonly seconds: number;
  readonly next: () => Planned;
  /** Tells the id of an order that was accepted. */
  readonly onAnswer: (planned: Planned, orderId: string | null) => void;
}

const CONNECTIONS_MAX = 128;

export async function runOpenLoop(options: OpenLoopOptions): Promise<Sent[]> {
  const pool = new Pool(options.url, { connections: CONNECTIONS_MAX });
  const total = options.rate * options.seconds;
  const startedMs = performance.now();
  const offsetMs = Date.now() - startedMs;
  const sending: Promise<Sent>[] = [];
  try {
    while (sending.length < total) {
      const elapsedMs = performance.now() - startedMs;
      const due = Math.min(total, Math.floor((elapsedMs * options.rate) / 1_000) + 1);
      while (sending.length < due) {
        const dueMs = startedMs + (sending.length * 1_000) / options.rate;
        sending.push(sendOne(pool, options, dueMs, offsetMs));
      }
      await new Promise((done) => setTimeout(done, 1));
    }
    return await Promise.all(sending);
  } finally {
    await pool.close();
  }
}

async function sendOne(
  pool: Pool,
  options: OpenLoopOptions,
  dueMs: number,
  offsetMs: number,
): Promise<Sent> {
  const planned = options.next();
  const { status, orderId } = await request(pool, planned);
  options.onAnswer(planned, orderId);
  const latencyMs = performance.now() - dueMs;
  const kind = planned.method === 'POST' ? 'place' : 'cancel';
  const named = kind === 'place' ? orderId : (planned.path.split('/').at(-1) ?? null);
  return { kind, dueAtMs: dueMs + offsetMs, latencyMs, status, orderId: named };
}

interface Answered {
  readonly status: number;
  readonly orderId: string | null;
}

/** By undici's own dispatch: a body as a stream costs the load's process half of its time. */
function request(pool: Pool, planned: Planned): Promise<Answered> {
  const isPlace = planned.method === 'POST';
  return new Promise((done) => {
    let status = 0;
    let text = '';
    pool.dispatch(
      {
        method: planned.method,
        path: planned.path,
        headers: {
          authorization: `Bearer ${planned.token}`,
          ...(planned.body === null ? {} : { 'content-type': 'application/json' }),
        },
        body: planned.body,
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, statusCode) => {
          status = statusCode;
        },
        onResponseData: (_controller, chunk) => {
          if (isPlace) text += chunk.toString('utf8');
        },
        onResponseEnd: () => done({ status, orderId: isPlace ? idOf(status, text) : null }),
        // Counted as status 0: the report shows it.
        onResponseError: () => done({ status: 0, orderId: null }),
      },
    );
  });
}

function idOf(status: number, text: string): string | null {
  return status === 201 ? ((JSON.parse(text) as { id: string | null }).id ?? null) : null;
}
