// `npm run dev` as a process of its own: started, asked, killed, started again.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { processEnvironment } from '../../../shared/config/environment.ts';
import type { EmulatorHealth } from '../../../knative/emulator/state.ts';
import { devArguments } from '../../dev-command.ts';
import { TRADING } from '../../trading-functions.ts';
import { pause } from '../pause.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const START_TIMEOUT_MS = 120_000;
const ASK_TIMEOUT_MS = 5_000;
const RESTART_WAIT_MS_MAX = 500;
const TAIL_LINES = 40;

export interface SourceState {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: number | null;
  readonly next: number;
  readonly lag: number;
}

/** Its children: asked of the emulator alone, which knows them whatever is away. */
export type ChildPids = EmulatorHealth['pids'];

export interface EmulatorSettings {
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly overridesFile: string;
  readonly logFile: string;
  /** More flags of `npm run dev`. */
  readonly flags: readonly string[];
}

export class EmulatorProcess {
  readonly publicUrl: string;
  readonly ownUrl: string;
  readonly #settings: EmulatorSettings;
  #child: ChildProcess | null = null;

  constructor(settings: EmulatorSettings) {
    this.#settings = settings;
    this.publicUrl = `http://127.0.0.1:${settings.port}`;
    this.ownUrl = `http://127.0.0.1:${settings.port + 1}`;
  }

  get pid(): number | null {
    const child = this.#child;
    return child === null || hasEnded(child) ? null : (child.pid ?? null);
  }

  /** Resolves when the exchange trades; `variables` are for the emulator's own process. */
  async start(variables: Readonly<Record<string, string>> = {}): Promise<void> {
    const child = this.#launch(variables);
    this.#child = child;
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      if (hasEnded(child)) throw new Error(`the emulator ended:\n${this.#lastWords()}`);
      if (await this.isReady()) return;
      await pause(50);
    }
    throw new Error(`the emulator did not get ready:\n${this.#lastWords()}`);
  }

  async isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.ownUrl}/health`, {
        signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
      });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false; // it is on its way
    }
  }

  /** Throws when the emulator cannot answer now. */
  async pids(): Promise<ChildPids> {
    const { pids } = (await this.#get('/health', [200, 503])) as EmulatorHealth;
    return pids;
  }

  /** How far each source is; throws while the log or the emulator cannot answer. */
  async sources(): Promise<readonly SourceState[]> {
    const state = (await this.#get('/topology', [200])) as { sources: readonly SourceState[] };
    return state.sources;
  }

  async post(path: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.ownUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    });
    if (answer.status >= 400) throw new Error(`${path} answers ${answer.status}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  async #get(path: string, expected: readonly number[]): Promise<unknown> {
    const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
    const answer = await fetch(`${this.ownUrl}${path}`, { signal });
    if (!expected.includes(answer.status)) throw new Error(`${path} answers ${answer.status}`);
    return answer.json();
  }

  /** Resolves when the process is gone, whoever ended it. */
  async ended(): Promise<void> {
    const child = this.#child;
    while (child !== null && !hasEnded(child)) await pause(20);
  }

  /** As Ctrl-C does; answers the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === null || hasEnded(child)) return child?.exitCode ?? null;
    child.kill('SIGINT');
    await this.ended();
    return child.exitCode;
  }

  #launch(variables: Readonly<Record<string, string>>): ChildProcess {
    const { port, dataDir, databaseUrl, overridesFile, logFile, flags } = this.#settings;
    const program = [...devArguments(), '--no-watch'];
    const log = openSync(logFile, 'a');
    try {
      return spawn(
        process.execPath,
        [...program, '--only', TRADING, '--port', String(port), '--data-dir', dataDir, ...flags],
        {
          cwd: ROOT,
          env: {
            ...processEnvironment(),
            NO_COLOR: '1',
            DATABASE_URL: databaseUrl,
            BOURSE_CHILD_OVERRIDES: overridesFile,
            // Children are killed all the time: waiting longer would only be idle time.
            BOURSE_RESTART_WAIT_MS_MAX: String(RESTART_WAIT_MS_MAX),
            ...variables,
          },
          stdio: ['ignore', log, log],
        },
      );
    } finally {
      closeSync(log);
    }
  }

  #lastWords(): string {
    return readFileSync(this.#settings.logFile, 'utf8').split('\n').slice(-TAIL_LINES).join('\n');
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
