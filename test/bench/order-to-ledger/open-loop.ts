// Sends requests at a fixed rate whether or not answers keep up.
import { HttpClient, type Answer } from './http-client.ts';

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
  const client = new HttpClient(options.url, CONNECTIONS_MAX);
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
        sending.push(sendOne(client, options, dueMs, offsetMs));
      }
      await new Promise((done) => setTimeout(done, 1));
    }
    return await Promise.all(sending);
  } finally {
    client.close();
  }
}

async function sendOne(
  client: HttpClient,
  options: OpenLoopOptions,
  dueMs: number,
  offsetMs: number,
): Promise<Sent> {
  const planned = options.next();
  const { status, orderId } = await request(client, planned);
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

async function request(client: HttpClient, planned: Planned): Promise<Answered> {
  const { method, path, token, body } = planned;
  const type = body === null ? '' : 'content-type: application/json\r\n';
  const lines = `authorization: Bearer ${token}\r\n${type}`;
  const answer = await client.request(method, path, lines, body);
  return { status: answer.status, orderId: method === 'POST' ? idOf(answer) : null };
}

function idOf({ status, body }: Answer): string | null {
  return status === 201 ? ((JSON.parse(body) as { id: string | null }).id ?? null) : null;
}
