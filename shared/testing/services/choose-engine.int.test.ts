// When containers are used: only if an engine of this machine answers at once.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseEngine, readEngine } from './choose-engine.ts';

describe('the engine', () => {
  let dir: string;
  let server: Server | null = null;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'bourse-engine-'));
    vi.stubEnv('DOCKER_HOST', `unix://${join(dir, 'engine.sock')}`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    server?.closeAllConnections();
    server?.close();
    server = null;
    rmSync(dir, { recursive: true, force: true });
  });

  const listen = async (answer: RequestListener): Promise<void> => {
    const made = createServer(answer);
    server = made;
    await new Promise<void>((done) => made.listen(join(dir, 'engine.sock'), done));
  };

  it('is no other than these', () => {
    expect(() => readEngine('docker')).toThrow('auto, container, process');
    expect(readEngine(undefined)).toBe('auto');
  });

  it('is the process where nothing listens', async () => {
    expect(await chooseEngine('auto')).toBe('process');
  });

  it('is the process where an engine does not answer, or is not well', async () => {
    await listen(() => undefined);
    expect(await chooseEngine('auto')).toBe('process');
    server?.closeAllConnections();
    server?.removeAllListeners('request').on('request', (_asked, response) => {
      response.writeHead(500).end();
    });
    expect(await chooseEngine('auto')).toBe('process');
  });

  it('is the process where the engine is on another machine', async () => {
    vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:2375');
    expect(await chooseEngine('auto')).toBe('process');
  });

  it('is the container where an engine answers, unless the caller says', async () => {
    await listen((asked, response) => {
      response.writeHead(asked.url === '/_ping' ? 200 : 404).end('OK');
    });
    // A machine that is too busy to answer at once answers later.
    await vi.waitFor(async () => expect(await chooseEngine('auto')).toBe('container'), 20_000);
    expect(await chooseEngine('process')).toBe('process');
  });
});
