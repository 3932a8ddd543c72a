// The sample function as a process of its own, for the tests that kill it. On the message
// `release` from its parent, the requests that wait on /v1/held go on. SAMPLE_CONNECTS=never leaves
// it waiting for what it opens.
import { findVariable } from '../../config/environment.ts';
import { readAuthConfig } from '../../config/function-config.ts';
import { createAuthenticate } from '../auth/auth.ts';
import { hostFunction, type HostOptions } from '../host.ts';
import { hostable } from '../hostable.ts';
import { isStartedFile, runFunctionProcess } from '../process.ts';
import { silentLogger } from '../../telemetry/logger.ts';
import { sampleDeps, sampleFunction } from './sample.ts';

const deps = sampleDeps();
deps.held = new Promise((resolve) => {
  process.on('message', (message) => {
    if (message === 'release') resolve();
  });
});
deps.onHeld = () => process.send?.({ kind: 'held' });
if (findVariable('SAMPLE_CONNECTS') === 'never') {
  // A timer, as every attempt to connect has one: the process has something to live for.
  deps.connected = new Promise(() => setInterval(() => undefined, 1_000));
  process.send?.({ kind: 'connecting' });
}

const log = silentLogger();
/** Only tokens: no database stands behind the sample. */
const known = () => ({ authenticate: createAuthenticate({ ...readAuthConfig(), log }) });
const definition = sampleFunction(deps);
const sample = {
  ...hostable(definition),
  host: async (options: HostOptions) => hostFunction(definition, { ...options, ...known() }),
};

if (isStartedFile(import.meta.url)) await runFunctionProcess([sample]);
else sample.register(() => ({ log, ...known() }));
