// One child process: started, watched until it is ready, stopped politely, then less so.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { beNice } from './niceness.ts';

export interface ChildOptions {
  readonly name: string;
  /** A bundle to run with this Node. */
  readonly script: string;
  /** Flags of Node for it. */
  readonly nodeFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  /** Page that answers 200 when the child can do useful work. */
  readonly readyPath: string;
  /** How far it steps back for others; left out, not at all. */
  readonly niceness?: number;
}

export interface Child {
  readonly pid: number;
  readonly port: number;
  /** Resolves with a short description of how it ended. */
  readonly exited: Promise<string>;
  readonly startedAtMs: number;
  /** SIGTERM, then SIGKILL when it takes longer than this. */
  stop(graceMs: number): Promise<void>;
  kill(): void;
}

const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 20;

export async function startChild(options: ChildOptions): Promise<Child> {
  const startedAtMs = Date.now();
  const process_ = spawn(
    process.execPath,
    ['--enable-source-maps', ...options.nodeFlags, options.script],
    {
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A process group of its own: Ctrl-C reaches only the emulator, which stops things in order.
      detached: true,
    },
  );
  beNice(process_.pid, options.niceness ?? 0);
  for (const stream of [process_.stdout, process_.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', options.onLine);
  }
  const exited = exitOf(process_);
  try {
    const port = await Promise.race([untilReady(process_, options.readyPath), failOn(exited)]);
    return {
      pid: process_.pid ?? 0,
      port,
      exited,
      startedAtMs,
      stop: (graceMs) => stopChild(process_, exited, graceMs),
      kill: () => process_.kill('SIGKILL'),
    };
  } catch (cause) {
    process_.kill('SIGKILL');
    await exited;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChildFailure(`${options.name} did not start: ${reason}`, { cause });
  }
}

/** A child that did not get ready. What it said about it has been printed. */
export class ChildFailure extends Error {
  override readonly name = 'ChildFailure';
}

function exitOf(process_: ChildProcess): Promise<string> {
  return new Promise((done) => {
    process_.once('error', (error) => done(error.message));
    process_.once('exit', (code, signal) => {
      done(signal === null ? `exit code ${String(code)}` : `signal ${signal}`);
    });
  });
}

async function failOn(exited: Promise<string>): Promise<never> {
  throw new Error(`it ended with ${await exited}`);
}

async function untilReady(process_: ChildProcess, readyPath: string): Promise<number> {
  const signal = AbortSignal.timeout(READY_TIMEOUT_MS);
  const port = await readyPort(process_, signal);
  for (;;) {
    if (await isReady(`http://127.0.0.1:${port}${readyPath}`)) return port;
    signal.throwIfAborted();
    if (process_.exitCode !== null || process_.signalCode !== null) throw new Error('it ended');
    await new Promise((done) => setTimeout(done, READY_POLL_MS));
  }
}

async function readyPort(process_: ChildProcess, signal: AbortSignal): Promise<number> {
  for (;;) {
    const [message] = (await once(process_, 'message', { signal })) as unknown[];
    if (typeof message !== 'object' || message === null) continue;
    if (!('kind' in message) || message.kind !== 'ready') continue;
    if ('port' in message && typeof message.port === 'number') return message.port;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // not listening yet is one of the ways of not being ready
  }
}

async function stopChild(
  process_: ChildProcess,
  exited: Promise<string>,
  graceMs: number,
): Promise<void> {
  if (process_.exitCode !== null || process_.signalCode !== null) return;
  process_.kill('SIGTERM');
  const timer = setTimeout(() => process_.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
}
