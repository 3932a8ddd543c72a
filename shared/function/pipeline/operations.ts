// What the cluster asks of an instance, never the public: alive, ready, and how it is doing.
import { reject } from '../../domain/rejection.ts';
import { refuse } from './answer-writer.ts';
import { withDeadline } from './deadline.ts';
import type { Runtime } from './runtime.ts';
import type { Answer } from './wire.ts';

/** A readiness check that takes longer says no. */
const READY_TIMEOUT_MS = 2_000;

const PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

const PLAIN = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } as const;
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' } as const;

export function isOperation(path: string): boolean {
  return PATHS.has(path);
}

/** Not counted, not limited: a busy instance must still be able to say that it is alive. */
export async function answerOperation<Deps>(
  runtime: Runtime<Deps>,
  method: string,
  path: string,
  requestId: string,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') {
    const refused = refuse(reject('METHOD_NOT_ALLOWED'), path, requestId);
    return { ...refused, headers: { ...refused.headers, allow: 'GET, HEAD' } };
  }
  if (path === '/metrics') return { status: 200, headers: PLAIN, body: runtime.metrics.render() };
  if (path === '/healthz') return { status: 200, headers: JSON_TYPE, body: '{"status":"alive"}' };
  if (await isReady(runtime))
    return { status: 200, headers: JSON_TYPE, body: '{"status":"ready"}' };
  return refuse(reject('SERVICE_UNAVAILABLE', 'this instance is not ready'), path, requestId);
}

async function isReady<Deps>(runtime: Runtime<Deps>): Promise<boolean> {
  if (runtime.draining) return false;
  try {
    const ready = await withDeadline(runtime.definition.isReady(runtime.deps), READY_TIMEOUT_MS);
    // The stop signal may have come while the question was open.
    return ready && !stopsNow(runtime);
  } catch (error) {
    runtime.log.warn({ err: error }, 'the readiness check failed');
    return false;
  }
}

function stopsNow<Deps>(runtime: Runtime<Deps>): boolean {
  return runtime.draining;
}
