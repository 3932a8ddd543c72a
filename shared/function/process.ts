// A process that serves one function: picked by FUNCTION_TARGET, stopped by a signal or by the end
// of its parent, ended by whatever nobody foresaw.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, type EnvironmentSource } from '../config/environment.ts';
import { readFunctionConfig, type FunctionConfig } from '../config/function-config.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import type { HostedFunction } from './host.ts';
import type { Hostable } from './hostable.ts';
import { DRAIN_TIMEOUT_MS } from './server/tune-server.ts';

/** The parent is gone, and soon what it gave us: a short stop, not a full drain. */
const ORPHAN_TIMEOUT_MS = 2_000;
/** What the function has open gets this long to close after the drain. */
const CLOSE_TIMEOUT_MS = 3_000;

/** What is said to a parent process that listens. */
export interface ReadyMessage {
  readonly kind: 'ready';
  readonly port: number;
}

/** True for the file that Node was started with, bundled or not. */
export function isStartedFile(moduleUrl: string): boolean {
  const started = process.argv[1];
  if (started === undefined) return false;
  return realpathSync(started) === realpathSync(fileURLToPath(moduleUrl));
}

/** Serves the function that FUNCTION_TARGET names, until a signal comes. */
export async function runFunctionProcess(
  functions: readonly Hostable[],
  environment?: EnvironmentSource,
): Promise<void> {
  // Until the configuration is read there is no better name to log under.
  let log = createLogger({ service: 'function', level: 'info' });
  try {
    const config = readFunctionConfig(environment);
    log = createLogger({ service: config.target, level: config.logLevel });
    endOnTheUnforeseen(log);
    // Opening what it needs may take as long as that is away, and nothing is served yet.
    process.on('disconnect', endAtOnce);
    const { port, bindAddress, requestsInFlightMax } = config;
    const hosted = await findTarget(functions, config).host({
      log,
      port,
      ...(bindAddress === undefined ? {} : { hostname: bindAddress }),
      ...(requestsInFlightMax === undefined ? {} : { requestsInFlightMax }),
      ...(environment === undefined ? {} : { environment }),
    });
    process.off('disconnect', endAtOnce);
    stopOnRequest(hosted, log);
    log.info({ port: hosted.port, revision: config.revision }, 'listening');
    process.send?.({ kind: 'ready', port: hosted.port } satisfies ReadyMessage);
  } catch (error) {
    log.fatal({ err: error }, 'could not start');
    process.exit(1);
  }
}

function endAtOnce(): never {
  process.exit(1);
}

function findTarget(functions: readonly Hostable[], config: FunctionConfig): Hostable {
  const found = functions.find((candidate) => candidate.facts.name === config.target);
  if (found !== undefined) return found;
  const names = functions.map((candidate) => candidate.facts.name).join(', ');
  throw new ConfigError(`FUNCTION_TARGET is "${config.target}"; there are: ${names}`);
}

/** State may be broken: the process says why and dies; the platform starts a fresh one. */
function endOnTheUnforeseen(log: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ err: error, origin }, 'ending after an unforeseen failure');
    process.exit(1);
  });
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error, origin: 'unhandledRejection' }, 'ending after an unforeseen failure');
    process.exit(1);
  });
}

function stopOnRequest(hosted: HostedFunction, log: Logger): void {
  let stopping = false;
  const stop = (reason: string, timeoutMs?: number): void => {
    // Who asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ reason }, 'stopping');
    // What is closed may itself be gone or stuck: then there is nothing more to wait for.
    setTimeout(
      () => {
        log.error({ reason }, 'could not stop in time');
        process.exit(1);
      },
      (timeoutMs ?? DRAIN_TIMEOUT_MS) + CLOSE_TIMEOUT_MS,
    ).unref();
    hosted.stop(timeoutMs).then(
      (clean) => {
        log.info({ clean }, 'stopped');
        process.exit(clean ? 0 : 1);
      },
      (error: unknown) => {
        log.error({ err: error }, 'could not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('disconnect', () => stop('the parent process is gone', ORPHAN_TIMEOUT_MS));
}
