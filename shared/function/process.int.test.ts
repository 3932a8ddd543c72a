// The process of a function, as the platform and the emulator treat it: started, signalled,
// orphaned.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { processEnvironment } from '../config/environment.ts';
import { codeOf, send } from './testing/raw-http.ts';

// Each test starts a process or two, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, expect: { poll: { timeout: 20_000 } } });

const SAMPLE_MAIN = fileURLToPath(new URL('./testing/sample-main.ts', import.meta.url));

const ENVIRONMENT = {
  PATH: processEnvironment()['PATH'],
  FUNCTION_TARGET: 'sample',
  PORT: '0',
  AUTH_JWKS_URL: 'http://127.0.0.1:9/jwks.json',
  AUTH_ISSUER: 'https://issuer.test',
  AUTH_AUDIENCE: 'bourse',
};

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
  /** Resolves with the first message of this kind. */
  readonly message: (kind: string) => Promise<{ kind: string; port?: number }>;
}

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(environment: Record<string, string | undefined> = {}): Started {
  const child = fork(SAMPLE_MAIN, [], {
    execArgv: ['--import', 'tsx'],
    env: { ...ENVIRONMENT, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  const messages: { kind: string; port?: number }[] = [];
  child.on('message', (message) => messages.push(message as { kind: string }));
  return {
    child,
    output: collectOutput(child),
    exit: once(child, 'exit').then(([code]) => code as number | null),
    message: async (kind) => {
      for (;;) {
        const found = messages.find((message) => message.kind === kind);
        if (found !== undefined) return found;
        await once(child, 'message');
      }
    },
  };
}

function collectOutput(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

async function startReady(): Promise<Started & { port: number }> {
  const started = start();
  const { port } = await started.message('ready');
  return { ...started, port: port ?? 0 };
}

describe('the process of a function', () => {
  it('does not start for an unknown target, and lists those that are there', async () => {
    const { exit, output } = start({ FUNCTION_TARGET: 'nowhere' });
    expect(await exit).toBe(1);
    expect(output()).toContain('there are: sample');
  });

  it('does not start without its variables, and names the missing one', async () => {
    const { exit, output } = start({ AUTH_ISSUER: undefined });
    expect(await exit).toBe(1);
    expect(output()).toContain('AUTH_ISSUER is required');
  });

  it('tells its port, and lets a request in flight end on SIGTERM', async () => {
    const { child, exit, message, output, port } = await startReady();
    const inFlight = send(port, { method: 'POST', path: '/v1/held' });
    await message('held');
    child.kill('SIGTERM');
    await expect
      .poll(() => send(port, { path: '/v1/notes/a' }).catch(() => 'closed'))
      .toBe('closed');
    child.send('release');
    expect((await inFlight).status).toBe(200);
    expect(await exit).toBe(0);
    expect(output().match(/"msg":"listening"/g)).toHaveLength(1);
    expect(output()).toContain('"msg":"stopped"');
  });

  it('ends at once when it is told twice', async () => {
    const { child, exit, message, port } = await startReady();
    const inFlight = send(port, { method: 'POST', path: '/v1/held' }).catch(() => 'cut');
    await message('held');
    child.kill('SIGTERM');
    await expect
      .poll(() => send(port, { path: '/v1/notes/a' }).catch(() => 'closed'))
      .toBe('closed');
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
    expect(await inFlight).toBe('cut');
  });

  it('ends when its parent is gone', async () => {
    const { child, exit, output } = await startReady();
    child.disconnect();
    expect(await exit).toBe(0);
    expect(output()).toContain('the parent process is gone');
  });

  it('ends when its parent goes while it waits for what it opens', async () => {
    const { child, exit, message } = start({ SAMPLE_CONNECTS: 'never' });
    await message('connecting');
    child.disconnect();
    expect(await exit).toBe(1);
  });

  it('trap: a late rejection is swallowed by a domain; here it ends the process, with a line', async () => {
    const { exit, output, port } = await startReady();
    expect((await send(port, { path: '/v1/fail/later' })).status).toBe(200);
    expect(await exit).toBe(1);
    expect(output()).toContain('nobody is listening');
    expect(output()).toContain('unhandledRejection');
  });
});

/** The framework prints the port that it was given, not the one that it got: 0 is no use. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('functions-framework --target', () => {
  it('runs the same function from the same file', async () => {
    const manifest = createRequire(import.meta.url).resolve('@google-cloud/functions-framework');
    const command = join(dirname(manifest), 'main.js');
    const port = await freePort();
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', command, '--target=sample', `--source=${SAMPLE_MAIN}`, `--port=${port}`],
      { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    children.push(child);
    const output = collectOutput(child);
    await expect.poll(output, { timeout: 20_000 }).toContain('Serving function');
    const headers = { 'content-type': 'application/json' };
    const note = { method: 'POST', path: '/v1/notes', headers };
    expect(await send(port, note, '{"text":"a"}')).toMatchObject({
      status: 201,
      text: '{"text":"a"}',
    });
    expect(codeOf(await send(port, note, '{"text":1}'))).toBe('BODY_INVALID');
    expect(codeOf(await send(port, note, `{"text":"${'x'.repeat(5_000)}"}`))).toBe(
      'BODY_TOO_LARGE',
    );
    expect(codeOf(await send(port, { path: '/v1/me' }))).toBe('TOKEN_MISSING');
  });
});
