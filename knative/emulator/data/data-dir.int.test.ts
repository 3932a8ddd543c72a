// The lock of a data folder: one emulator at a time, and a dead one's lock is no obstacle.
import { createServer } from 'node:http';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataDir, DataDirInUse, lockDataDir, type DataDir } from './data-dir.ts';
import { closeServer, listen, PortInUse } from './listen.ts';

let dir: DataDir;
beforeEach(() => {
  dir = dataDir(mkdtempSync(join(tmpdir(), 'bourse-lock-')));
});
afterEach(() => rmSync(dir.path, { recursive: true, force: true }));

describe('the lock of a data folder', () => {
  it('keeps a second emulator out and names the first', () => {
    const unlock = lockDataDir(dir);
    expect(() => lockDataDir(dir)).toThrow(DataDirInUse);
    expect(() => lockDataDir(dir)).toThrow(`pid ${process.pid}`);
    unlock();
    expect(readdirSync(dir.path)).toEqual([]);
    lockDataDir(dir)();
  });

  it.each([
    ['of a process that is gone', JSON.stringify({ pid: 2 ** 30, started: '1' })],
    ['of a number that another process has now', JSON.stringify({ pid: 1, started: 'never' })],
    ['that was never finished', '{"pid":'],
  ])('is taken over when it is one %s', (_what, text) => {
    writeFileSync(join(dir.path, 'emulator.lock'), text);
    lockDataDir(dir)();
  });
});

describe('a port in use', () => {
  it('is explained with the process that holds it', async () => {
    const first = createServer();
    const port = await listen(first, 0);
    const second = createServer();
    const refused = listen(second, port);
    await expect(refused).rejects.toThrow(PortInUse);
    const holder = process.platform === 'linux' ? ` by pid ${process.pid}` : '';
    await expect(refused).rejects.toThrow(`port ${port} is in use${holder}`);
    await closeServer(first, 0);
  });
});
