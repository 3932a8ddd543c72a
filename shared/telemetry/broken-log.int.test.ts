// A process whose log nobody reads any more: its parent was killed. It must not outlive it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { processEnvironment } from '../config/environment.ts';

const LOGGER = new URL('./logger.ts', import.meta.url).href;
const END_TIMEOUT_MS = 20_000;

/** Logs for ever, whatever happens to it, as a loop does that tries again after each failure. */
const PROGRAM = `
  import { createLogger } from '${LOGGER}';
  const log = createLogger({ service: 'test', level: 'info' });
  const write = (level) => { try { log[level]('still there'); } catch { /* try again */ } };
  setInterval(() => { write('info'); write('fatal'); }, 5);
`;

it.each([
  ['is read to its end', true],
  ['has lines that nobody has read', false],
])(
  'a process ends when its log, which %s, is closed',
  async (_what, isRead) => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM];
    const child = spawn(process.execPath, args, {
      env: { PATH: processEnvironment()['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      const exited = once(child, 'exit', { signal: AbortSignal.timeout(END_TIMEOUT_MS) });
      await once(child.stdout, isRead ? 'data' : 'readable');
      child.stdout.destroy();
      child.stderr.destroy();
      const [code] = (await exited) as [number | null];
      expect(code).toBe(1);
    } finally {
      child.kill('SIGKILL');
    }
  },
  END_TIMEOUT_MS + 10_000,
);
