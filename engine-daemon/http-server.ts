// Health and metrics over plain HTTP, for Kubernetes and Prometheus. Nothing here trades.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Probes are tiny: whoever is slower than this is not a probe. */
const REQUEST_TIMEOUT_MS = 5_000;
const HEADERS_BYTES_MAX = 8_192;

export interface HealthSource {
  /** True once the log as it was at the start has been replayed, false again while stopping. */
  readonly isReady: () => boolean;
  /** Prometheus text. */
  readonly renderMetrics: () => Promise<string>;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `/health`, `/readyz` (503 until ready), `/healthz` (200 while alive) and `/metrics`. */
export async function startHttpServer(
  port: number,
  source: HealthSource,
  bindAddress?: string,
): Promise<HttpServer> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: HEADERS_BYTES_MAX },
    answer(source),
  );
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen({ port, host: bindAddress }, () => done());
  });
  const address = server.address() as AddressInfo;
  return { port: address.port, close: () => closeServer(server) };
}

function answer(source: HealthSource): RequestListener {
  return (request, response) => {
    const reply = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply(405, 'method not allowed\n');
      return;
    }
    switch (request.url?.split('?')[0]) {
      case '/health':
      case '/readyz':
        if (source.isReady()) reply(200, 'ready\n');
        else reply(503, 'catching up with the command log, or stopping\n');
        return;
      case '/healthz':
        reply(200, 'alive\n');
        return;
      case '/metrics':
        source.renderMetrics().then(
          (text) => reply(200, text),
          () => reply(500, 'metrics are not available\n'),
        );
        return;
      default:
        reply(404, 'not found\n');
    }
  };
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
