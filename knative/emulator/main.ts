// `npm run dev`: the whole exchange on this machine.
import { fileURLToPath } from 'node:url';
import { ConfigError, findVariable } from '../../shared/config/environment.ts';
import { TerminalError } from '../../shared/domain/failure.ts';
import { ManifestError } from '../manifests/document.ts';
import { BuildFailure } from './build/bundle.ts';
import { DataDirInUse } from './data/data-dir.ts';
import { PortInUse } from './data/listen.ts';
import { LogMismatch } from './database/log-fit.ts';
import { DatabaseOutdated } from './database/prepare.ts';
import { startEmulator, type Emulator } from './emulator.ts';
import { FlagError, HELP, parseFlags } from './flags.ts';
import { describe } from './notices.ts';
import { ChildFailure } from './process/child.ts';
import { readyText } from './ready-text.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What its user can put right: the message says how, a stack would only hide it. */
const EXPLAINED = [
  FlagError,
  ManifestError,
  PortInUse,
  DataDirInUse,
  DatabaseOutdated,
  LogMismatch,
  ConfigError,
  // An unsafe topic, for example: the message names it and what is wrong with it.
  TerminalError,
  BuildFailure,
  ChildFailure,
];

try {
  await run();
} catch (error) {
  const explained = EXPLAINED.some((kind) => error instanceof kind);
  if (error instanceof AggregateError) console.error(error.errors.map(describe).join('\n\n'));
  else console.error(explained && error instanceof Error ? error.message : describe(error));
  process.exit(1);
}

async function run(): Promise<void> {
  const flags = parseFlags(process.argv.slice(2));
  if (flags.help) {
    console.log(HELP);
    return;
  }
  const starting = startEmulator({
    root: ROOT,
    ...flags,
    databaseUrl: findVariable('DATABASE_URL') ?? null,
    color: process.stdout.isTTY && findVariable('NO_COLOR') === undefined,
    write: (text) => process.stdout.write(text),
  });
  stopOnSignals(starting);
  const emulator = await starting;
  console.log(readyText(await emulator.describe(), performance.now()));
}

/** The first signal stops in order, also while starting; the second at once. */
function stopOnSignals(starting: Promise<Emulator>): void {
  let asked = false;
  const stop = (): void => {
    if (asked) process.exit(130);
    asked = true;
    console.log('\nstopping (again to stop at once)');
    starting
      .then((emulator) => emulator.stop())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
}
