// One run of a server as a local process: started, watched until it is ready, ended. Nothing of it
// outlives its starter, and what a crash left behind on the same folder is ended first.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardAgainstOrphan } from './orphan-guard.ts';
import { findIdentity, identify, isRunning } from '../process-identity.ts';
import type { RunningServer } from './backing-server.ts';

export interface LaunchOptions {
  /** For messages: `Kafka 3.9.1`. */
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its working folder. */
  readonly dir: string;
  /** Standard output and error are appended to it. */
  readonly logFile: string;
  /** Remembers the process for whoever comes after a crash. */
  readonly pidFile: string;
  readonly isReady: () => Promise<boolean>;
}

/** Kafka takes 4 s on an idle machine, and was seen to take more than 60 on a busy one. */
const READY_TIMEOUT_MS = 240_000;
const READY_POLL_MS = 50;
/** A broker with full disks to flush is still given up on at last. */
const STOP_TIMEOUT_MS = 30_000;
const ORPHAN_TIMEOUT_MS = 20_000;
const LOG_TAIL_LINES = 15;
const STOP_SIGNAL = 'SIGTERM';

/** Resolves when the server answers; throws with the tail of its log when it does not. */
export async function launchServer(options: LaunchOptions): Promise<RunningServer> {
  await endOrphan(options.pidFile);
  const child = spawnServer(options);
  const pid = await pidOf(child, options);
  const callOffGuard = guardAgainstOrphan(pid, STOP_SIGNAL);
  writeFileSync(options.pidFile, JSON.stringify(identify(pid)));
  const exited = new Promise<void>((done) => {
    child.once('exit', () => {
      callOffGuard();
      rmSync(options.pidFile, { force: true });
      done();
    });
  });
  await waitUntilReady(child, options);
  return {
    pid: () => pid,
    exited,
    signal: (signal) => {
      child.kill(signal);
      return Promise.resolve();
    },
    stop: async () => {
      child.kill(STOP_SIGNAL);
      // One that was paused hears nothing but this.
      child.kill('SIGCONT');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

function spawnServer(options: LaunchOptions): ChildProcess {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  try {
    return spawn(options.command, options.args, {
      cwd: options.dir,
      // A group of its own: a Ctrl-C must not reach the server before its clients have finished.
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

function pidOf(child: ChildProcess, options: LaunchOptions): Promise<number> {
  return new Promise((done, fail) => {
    child.once('error', (cause) =>
      fail(new Error(`${options.title} cannot be started with ${options.command}`, { cause })),
    );
    child.once('spawn', () => done(child.pid ?? 0));
  });
}

async function waitUntilReady(child: ChildProcess, options: LaunchOptions): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  while (!(await options.isReady())) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (!hasEnded && Date.now() < deadlineMs) {
      await sleep(READY_POLL_MS);
      continue;
    }
    child.kill('SIGKILL');
    const reason = hasEnded ? 'ended' : `was not ready after ${READY_TIMEOUT_MS / 1000} s`;
    throw new Error(`${options.title} ${reason}; ${options.logFile} ends with\n${tail(options)}`);
  }
}

function tail({ logFile }: LaunchOptions): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  return lines.slice(-LOG_TAIL_LINES).join('\n');
}

/** Two servers on one folder would ruin it. */
async function endOrphan(pidFile: string): Promise<void> {
  const previous = findIdentity(pidFile);
  // Where the system does not tell when a process began, it may be anybody's by now.
  if (previous === null || previous.started === null) return;
  const deadlineMs = Date.now() + ORPHAN_TIMEOUT_MS;
  while (isRunning(previous)) {
    if (Date.now() > deadlineMs) throw new Error(`process ${previous.pid} cannot be ended`);
    process.kill(previous.pid, 'SIGKILL');
    await sleep(READY_POLL_MS);
  }
}
