// Health and metrics over plain HTTP, for Kubernetes and Prometheus. Nothing here trades.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Probes are tiny: whoever is slower than this is not a probe. */
const REQUEST_TIMEOUT_MS = 5_000;
const HEADERS_BYTES_MAX = 8_192;

export interface HealthSource {
  /** True once the log as it was at the start has been replayed, false again while stopping. */
  readonly isReady: () => boolean;
  /** True while another engine has the lease of the shard. */
  readonly isWaiting: () => boolean;
  /** Prometheus text. */
  readonly renderMetrics: () => Promise<string>;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

const PLAIN_TYPE = 'text/plain; charset=utf-8';
/** What Prometheus asks for: the text format by its version. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Serves `/health`, `/readyz` (503 until ready), `/startupz` (the same, but 200 for one that stands
 * by for the lease), `/healthz` (200 while alive) and `/metrics`.
 */
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
    const reply = (status: number, text: string, type = PLAIN_TYPE): void => {
      response.writeHead(status, { 'content-type': type }).end(text);
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
      case '/startupz':
        if (source.isReady()) reply(200, 'ready\n');
        else if (source.isWaiting()) reply(200, 'standing by for the lease\n');
        else reply(503, 'catching up with the command log, or stopping\n');
        return;
      case '/healthz':
        reply(200, 'alive\n');
        return;
      case '/metrics':
        source.renderMetrics().then(
          (text) => reply(200, text, METRICS_TYPE),
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
