// `npm run topics`: the topics of the event catalog on a Kafka cluster. In a cluster a Job runs it.
import { KafkaBus } from '../bus/kafka/kafka-bus.ts';
import { PrefixedBus } from '../bus/kafka/prefixed-bus.ts';
import { openBus } from '../bus/open-bus.ts';
import { readKafkaSettings } from '../config/kafka-config.ts';
import { assert } from '../domain/failure.ts';
import { createLogger } from '../telemetry/logger.ts';
import { readOptions, USAGE, UsageError } from './options.ts';
import { applyTopics, checkTopics, listTopics, type Outcome } from './run.ts';
import { EXIT_FINE, EXIT_NOT_ASKED } from './run.ts';
import { topicsFor } from './topics.ts';

async function run(): Promise<Outcome> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) return { lines: [USAGE], exitCode: EXIT_FINE };
  const topics = topicsFor(options.shards);
  const kafka = readKafkaSettings();
  if (options.busUrl === null) return listTopics(topics, kafka);
  const log = createLogger({ service: 'topics', level: 'warn' });
  const bus = openBus({ url: options.busUrl, applicationName: 'topics', log, kafka });
  try {
    assert(bus instanceof KafkaBus || bus instanceof PrefixedBus, 'kafka:// opens Kafka');
    return await (options.command === 'check'
      ? checkTopics(bus, topics)
      : applyTopics(bus, topics));
  } finally {
    await bus.close();
  }
}

try {
  const { lines, exitCode } = await run();
  for (const line of lines) console.log(line);
  process.exitCode = exitCode;
} catch (error) {
  const hint = error instanceof UsageError ? ' (--help lists commands and variables)' : '';
  console.error(`${describe(error)}${hint}`);
  process.exitCode = EXIT_NOT_ASKED;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
