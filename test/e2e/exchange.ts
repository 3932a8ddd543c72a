// For end-to-end tests: a whole exchange in processes of its own, on free ports, with its data in a
// temporary folder. Talks to it only as a user or an operator would.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../shared/testing/free-port.ts';
import { devArguments } from '../dev-command.ts';
import { TRADING } from '../trading-functions.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const READY_TIMEOUT_MS = 90_000;
const EVENTUALLY_TIMEOUT_MS = 30_000;

export interface Topology {
  readonly pid: number;
  readonly postgresPid: number;
  readonly enginePid: number;
  readonly enginePids: readonly number[];
  readonly services: readonly {
    readonly name: string;
    readonly pid: number;
    readonly address: string;
  }[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export class Exchange {
  readonly dataDir: string;
  readonly publicUrl: string;
  readonly ownUrl: string;
  /** The admin host. */
  readonly adminUrl: string;
  readonly #port: number;
  readonly #flags: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #output = '';

  private constructor(
    dataDir: string,
    port: number,
    flags: readonly string[],
    environment: Readonly<Record<string, string>>,
  ) {
    this.dataDir = dataDir;
    this.#flags = flags;
    this.#environment = environment;
    this.#port = port;
    this.publicUrl = `http://127.0.0.1:${port}`;
    this.ownUrl = `http://127.0.0.1:${port + 1}`;
    this.adminUrl = `http://127.0.0.1:${port + 2}`;
  }

  /**
   * What trading needs: every process more would start with each of these tests. `flags` are more
   * flags of `npm run dev`.
   */
  static async create(...flags: readonly string[]): Promise<Exchange> {
    return Exchange.createIn({}, ...flags);
  }

  /** Everything, as `npm run dev` starts it. */
  static async createWhole(...flags: readonly string[]): Promise<Exchange> {
    return Exchange.#open({}, flags);
  }

  /** These functions alone. */
  static async createOnly(...functions: readonly string[]): Promise<Exchange> {
    return Exchange.#open({}, ['--only', functions.join(',')]);
  }

  /** As `create`, with more variables in its environment. */
  static async createIn(
    environment: Readonly<Record<string, string>>,
    ...flags: readonly string[]
  ): Promise<Exchange> {
    return Exchange.#open(environment, ['--only', TRADING, ...flags]);
  }

  static async #open(
    environment: Readonly<Record<string, string>>,
    flags: readonly string[],
  ): Promise<Exchange> {
    const dataDir = mkdtempSync(join(tmpdir(), 'bourse-e2e-'));
    // As root the database runs under another account, which must be able to enter.
    chmodSync(dataDir, 0o755);
    const exchange = new Exchange(dataDir, await findFreePort(3), flags, environment);
    await exchange.start();
    return exchange;
  }

  /** What the emulator has printed: shown when a test fails. */
  get output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    const args = [...devArguments(), '--no-watch'];
    const child = spawn(
      process.execPath,
      [...args, '--port', String(this.#port), '--data-dir', this.dataDir, ...this.#flags],
      {
        cwd: ROOT,
        env: { ...process.env, NO_COLOR: '1', ...this.#environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    await this.#untilReady(child);
  }

  /** As Ctrl-C does; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === null || hasEnded(child)) return child?.exitCode ?? null;
    child.kill('SIGINT');
    return this.#ended(child);
  }

  /** As a crash of the whole machine's processes: nothing may clean up. */
  async kill(...pids: readonly number[]): Promise<void> {
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const child = this.#child;
    if (child !== null && pids.includes(child.pid ?? -1)) await this.#ended(child);
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Of its own Postgres: what the tools of an operator are given. */
  get databaseUrl(): string {
    const about = readFileSync(join(this.dataDir, 'postgres.json'), 'utf8');
    return (JSON.parse(about) as { url: string }).url;
  }

  async topology(): Promise<Topology> {
    const answer = await send(`${this.ownUrl}/topology`, {});
    return answer.body as unknown as Topology;
  }

  async token(user: string): Promise<string> {
    const answer = await this.own('POST', '/tokens', { user });
    return String(answer.body['token']);
  }

  own(method: string, path: string, body?: unknown): Promise<HttpAnswer> {
    return send(`${this.ownUrl}${path}`, { method, ...jsonBody(body) });
  }

  call(
    token: string | null,
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<HttpAnswer> {
    const json = jsonBody(body);
    return send(`${this.publicUrl}${path}`, {
      ...json,
      method,
      headers: {
        ...json.headers,
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
  }

  /** Available, held and total of every asset of a user. */
  async balances(token: string): Promise<Record<string, Record<string, string>>> {
    const answer = await this.call(token, 'GET', '/v1/balances');
    const items = answer.body['items'] as Record<string, string>[];
    return Object.fromEntries(items.map((item) => [item['asset'] ?? '', item]));
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (Date.now() < deadline) {
      if (hasEnded(child)) throw new Error(`the emulator ended:\n${this.#output}`);
      const ready = await fetch(`${this.ownUrl}/health`).then(
        (answer) => answer.status === 200,
        () => false,
      );
      if (ready) return;
      await pause();
    }
    throw new Error(`the emulator did not get ready:\n${this.#output}`);
  }

  async #ended(child: ChildProcess): Promise<number | null> {
    while (!hasEnded(child)) await pause();
    return child.exitCode;
  }
}

/** Runs one of our command-line programs; resolves with what it printed and its exit code. */
export async function runProgram(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly output: string; readonly stdout: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, output, stdout };
}

/** Repeats a question until the answer is right, or fails with the last answer. */
export async function eventually<Value>(
  ask: () => Promise<Value>,
  isRight: (value: Value) => boolean,
): Promise<Value> {
  const deadline = Date.now() + EVENTUALLY_TIMEOUT_MS;
  for (;;) {
    const value = await ask();
    if (isRight(value)) return value;
    if (Date.now() > deadline) throw new Error(`still not: ${JSON.stringify(value)}`);
    await pause();
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, 50));
}

function jsonBody(body: unknown): { body?: string; headers: Record<string, string> } {
  if (body === undefined) return { headers: {} };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { body: text, headers: { 'content-type': 'application/json' } };
}

async function send(url: string, init: RequestInit): Promise<HttpAnswer> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') === true;
  const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : { text };
  return { status: answer.status, headers: answer.headers, body };
}
