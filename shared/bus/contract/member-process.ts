// A group member in a process of its own, which can be killed as a crash would.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface MemberProcess {
  /** Resolves when the process has committed what it was told to. */
  readonly committed: Promise<void>;
  kill(): void;
}

const MAIN = fileURLToPath(new URL('./member-main.ts', import.meta.url));

/** Joins `group`, commits `commitOffset` once it has read that far, then keeps its membership. */
export async function startMember(
  url: string,
  group: string,
  topic: string,
  commitOffset: number,
): Promise<MemberProcess> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', MAIN, url, group, topic, String(commitOffset)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const committed = new Promise<void>((done, fail) => {
    child.stdout.once('data', () => done());
    child.once('exit', (code) => fail(new Error(`the member ended early with ${String(code)}`)));
  });
  // Whoever does not wait for the commit need not hear of the end either.
  committed.catch(() => undefined);
  await new Promise<void>((done, fail) => {
    child.once('spawn', done);
    child.once('error', fail);
  });
  return { committed, kill: () => void child.kill('SIGKILL') };
}
