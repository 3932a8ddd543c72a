// What a function may know of the process it runs in: its variables, a logger, its metrics.
import {
  findVariable,
  getVariable,
  processEnvironment,
  type EnvironmentSource,
} from '../config/environment.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { MetricsRegistry } from '../telemetry/metrics/registry.ts';
import type { Environment } from './definition.ts';

/** The process's own variables unless a test gives others. */
export function createEnvironment(
  log: Logger,
  metrics: MetricsRegistry,
  source: EnvironmentSource = processEnvironment(),
): Environment {
  return {
    get: (name) => getVariable(name, source),
    find: (name) => findVariable(name, source),
    log,
    metrics,
  };
}
