// `npm run services` as a program: its servers live as long as it does, however it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isRedisReady } from './redis-server.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const WAIT = { timeout: 120_000, interval: 50 };
const PROGRAM_TEST_TIMEOUT_MS = 300_000;

interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
}

describe('npm run services', () => {
  let dataDir: string;
  const programs: Program[] = [];
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'bourse-main-'));
  });
  afterEach(async () => {
    for (const { child } of programs.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
    }
    rmSync(dataDir, { recursive: true, force: true });
  });

  const start = (...flags: string[]): Program => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', MAIN, '--engine', 'process', '--data-dir', dataDir, ...flags],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const program = { child, output: () => text };
    programs.push(program);
    return program;
  };
  const redisPort = async (program: Program): Promise<number> => {
    const port = await vi.waitFor(() => {
      const found = /REDIS_URL=redis:\/\/127\.0\.0\.1:(\d+)/.exec(program.output())?.[1];
      if (found === undefined) throw new Error(`not ready: ${program.output()}`);
      return found;
    }, WAIT);
    return Number(port);
  };
  const exitCode = async ({ child }: Program): Promise<number | null> => {
    if (child.exitCode === null) await once(child, 'exit');
    return child.exitCode;
  };

  it(
    'stops its servers when it is told to, and leaves nothing that says they run',
    async () => {
      const program = start('--only', 'redis');
      const port = await redisPort(program);
      expect(await isRedisReady(port)).toBe(true);
      program.child.kill('SIGINT');
      expect(await exitCode(program)).toBe(0);
      expect(await isRedisReady(port)).toBe(false);
      expect(readdirSync(dataDir)).toEqual(['redis']);
      expect(readdirSync(join(dataDir, 'redis'))).toEqual(['redis.log']);
    },
    PROGRAM_TEST_TIMEOUT_MS,
  );

  it(
    'leaves no server behind when it is killed with -9, and starts on that folder again',
    async () => {
      const first = start('--only', 'redis');
      const port = await redisPort(first);
      first.child.kill('SIGKILL');
      await vi.waitFor(async () => expect(await isRedisReady(port)).toBe(false), WAIT);
      const second = start('--only', 'redis');
      expect(await isRedisReady(await redisPort(second))).toBe(true);
    },
    PROGRAM_TEST_TIMEOUT_MS,
  );

  it(
    'keeps a second one out of its folder and names the first',
    async () => {
      const first = start('--only', 'redis');
      const port = await redisPort(first);
      const second = start('--only', 'redis');
      expect(await exitCode(second)).toBe(1);
      expect(second.output()).toContain(`in use by process ${String(first.child.pid)}`);
      expect(await isRedisReady(port)).toBe(true);
    },
    PROGRAM_TEST_TIMEOUT_MS,
  );

  it(
    'says what is missing and how to install it',
    async () => {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', MAIN, '--engine', 'process', '--data-dir', dataDir],
        { env: { HOME: dataDir, PATH: dataDir }, stdio: ['ignore', 'ignore', 'pipe'] },
      );
      let text = '';
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      expect(await exitCode({ child, output: () => text })).toBe(1);
      expect(text).toContain('apt-get install openjdk-17-jre-headless maven redis-server');
      expect(text).not.toContain('    at ');
    },
    PROGRAM_TEST_TIMEOUT_MS,
  );

  it(
    'explains itself',
    async () => {
      const program = start('--help');
      expect(await exitCode(program)).toBe(0);
      expect(program.output()).toContain('Usage: npm run services');
      const wrong = start('--only', 'mysql');
      expect(await exitCode(wrong)).toBe(2);
    },
    PROGRAM_TEST_TIMEOUT_MS,
  );
});
