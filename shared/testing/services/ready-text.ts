// What `npm run services` prints when everything runs.
import type { BackingServer } from './backing-server.ts';
import type { ServerByName } from './start-services.ts';

export type StartedServers = Partial<ServerByName>;

export function readyText(servers: StartedServers): string {
  const { kafka, redis, postgres } = servers;
  const rows: [string, string, BackingServer][] = [];
  if (kafka !== undefined) rows.push([`Kafka ${kafka.version}`, kafka.brokers, kafka]);
  if (redis !== undefined) rows.push(['Redis', redis.url, redis]);
  if (postgres !== undefined) rows.push(['Postgres', withoutPassword(postgres.url), postgres]);
  const lines = rows.map(
    ([title, address, server]) =>
      `  ${title.padEnd(13)} ${address.padEnd(44)} ${server.engine} ${server.pid() ?? ''}`,
  );
  return [...lines, '', 'For another terminal:', '', ...exports(servers), ''].join('\n');
}

/** Lines to paste: the tests, the emulator and the tools read these. */
function exports({ kafka, redis, postgres }: StartedServers): string[] {
  const tests: string[] = [];
  const lines: string[] = [];
  if (kafka !== undefined) {
    tests.push(`kafka=${kafka.brokers}`);
    lines.push(`  export BUS_KAFKA_BROKERS=${kafka.brokers}`);
  }
  if (redis !== undefined) {
    tests.push(`redis=${redis.url}`);
    lines.push(`  export REDIS_URL=${redis.url}`);
  }
  if (postgres !== undefined) lines.push(`  export DATABASE_URL=${postgres.url}`);
  if (tests.length > 0) lines.push(`  export TEST_SERVICES=${tests.join(',')}`);
  return lines;
}

function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]+@/, '@');
}
