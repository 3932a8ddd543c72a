// npm run services: Kafka, Redis and Postgres for development, until Ctrl-C.
import { findVariable } from '../../config/environment.ts';
import { readFlags, USAGE, UsageError, type ServicesFlags } from './options.ts';
import { readyText } from './ready-text.ts';
import { MissingProgram } from './requirements.ts';
import { FolderInUse, startServices } from './start-services.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** By convention 128 and the number of the signal. */
const EXIT_IMPATIENT = 130;

async function run(flags: ServicesFlags): Promise<number> {
  const whenTold = waitForSignal();
  const services = await startServices(flags.names, {
    dataDir: flags.dataDir,
    engine: flags.engine,
    kafka: { version: flags.kafkaVersion },
    onNotice: (text) => console.error(text),
  });
  for (const server of services.all) {
    server.onUnexpectedEnd = () => console.error(`${server.name} ended; see ${flags.dataDir}`);
  }
  console.log(readyText(services));
  console.log('Ctrl-C stops them.');
  await whenTold;
  console.log('stopping');
  await services.stop();
  return 0;
}

/** A second signal does not wait for the servers: their guards end them. */
function waitForSignal(): Promise<void> {
  return new Promise((done) => {
    let asked = false;
    const onSignal = (): void => {
      if (asked) process.exit(EXIT_IMPATIENT);
      asked = true;
      done();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}

async function main(): Promise<number> {
  try {
    const flags = readFlags(process.argv.slice(2), {
      kafkaVersion: findVariable('KAFKA_VERSION'),
      engine: findVariable('SERVICES_ENGINE'),
    });
    if (flags !== null) return await run(flags);
    console.log(USAGE);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message} (--help lists the options)`);
      return EXIT_USAGE;
    }
    const isPlain = error instanceof MissingProgram || error instanceof FolderInUse;
    console.error(isPlain ? error.message : error);
    return EXIT_FAILED;
  }
}

process.exitCode = await main();
