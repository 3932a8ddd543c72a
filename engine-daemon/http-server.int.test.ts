// What Kubernetes and Prometheus are told.
import { afterEach, describe, expect, it } from 'vitest';
import { startHttpServer, type HealthSource, type HttpServer } from './http-server.ts';

describe('the health server', () => {
  let server: HttpServer | null = null;
  afterEach(() => server?.close());

  async function ask(path: string, source: HealthSource, method = 'GET'): Promise<number> {
    server ??= await startHttpServer(0, source);
    return (await fetch(`http://127.0.0.1:${server.port}${path}`, { method })).status;
  }

  it('is alive but not ready while the log is replayed', async () => {
    let isReady = false;
    let isWaiting = true;
    const source = {
      isReady: () => isReady,
      isWaiting: () => isWaiting,
      renderMetrics: () => Promise.resolve(''),
    };
    expect(await ask('/startupz', source)).toBe(200);
    isWaiting = false;
    expect(await ask('/startupz', source)).toBe(503);
    expect(await ask('/healthz', source)).toBe(200);
    expect(await ask('/health', source)).toBe(503);
    expect(await ask('/readyz', source)).toBe(503);
    isReady = true;
    expect(await ask('/health?verbose', source)).toBe(200);
    expect(await ask('/readyz', source)).toBe(200);
    expect(await ask('/startupz', source)).toBe(200);
    expect(await ask('/other', source)).toBe(404);
    expect(await ask('/health', source, 'POST')).toBe(405);
    await server?.close();
    server = null;
  });

  it('says so when metrics cannot be made', async () => {
    const source = {
      isReady: () => true,
      isWaiting: () => false,
      renderMetrics: () => Promise.reject(new Error('broken')),
    };
    expect(await ask('/metrics', source)).toBe(500);
  });
});
