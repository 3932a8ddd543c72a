// The Kafka broker from Maven Central: fetched once for each version into a cache outside the
// checkout. What is there is complete: a download becomes visible by one rename, at its end.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findVariable } from '../../config/environment.ts';
import { getProgram } from './requirements.ts';

const DOWNLOAD_TIMEOUT_MS = 600_000;
const ATTEMPTS_MAX = 3;
/** What Maven says when asking again would not help. */
const NO_SUCH_ARTIFACT = 'Could not find artifact';
/** What a killed download left behind is thrown away after this long. */
const STALE_MS = 3_600_000;
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
/** The logging front end that Kafka uses; without the back end it would be mute. */
const SLF4J_VERSION = '1.7.36';

/** `$XDG_CACHE_HOME/bourse`, or the like. */
export function cacheDir(): string {
  return join(findVariable('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'bourse');
}

/** True when nothing need be fetched. */
export function hasKafkaJars(version: string): boolean {
  return existsSync(libsDir(version));
}

function libsDir(version: string): string {
  return join(cacheDir(), 'kafka', version);
}

/** The folder of the jars, fetched first when it is not there. `onNotice` hears of a download. */
export async function getKafkaJars(
  version: string,
  onNotice: (text: string) => void,
): Promise<string> {
  const libs = libsDir(version);
  if (existsSync(libs)) return libs;
  const parent = dirname(libs);
  mkdirSync(parent, { recursive: true });
  dropStale(parent);
  const mvn = getProgram('mvn');
  onNotice(`fetching Kafka ${version} (50 MB) with Maven into ${libs}`);
  const partial = mkdtempSync(join(parent, 'partial-'));
  try {
    await download(mvn, version, partial);
    publish(join(partial, 'libs'), libs);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return libs;
}

async function download(mvn: string, version: string, dir: string): Promise<void> {
  writeFileSync(join(dir, 'pom.xml'), brokerPom(version));
  // -C: a damaged download is an error, not a warning.
  const args = ['-q', '-B', '-C', COPY, '-DincludeScope=runtime', '-DoutputDirectory=libs'];
  for (let attempt = 1; ; attempt++) {
    try {
      await promisify(execFile)(mvn, args, { cwd: dir, timeout: DOWNLOAD_TIMEOUT_MS });
      break;
    } catch (cause) {
      const output = outputOf(cause);
      if (attempt < ATTEMPTS_MAX && !output.includes(NO_SUCH_ARTIFACT)) continue;
      throw new Error(`Maven cannot fetch Kafka ${version}: ${output}`, { cause });
    }
  }
  const broker = join(dir, 'libs', `kafka_2.13-${version}.jar`);
  if (!existsSync(broker)) throw new Error(`Maven fetched no Kafka ${version}`);
}

/** When somebody else was faster, theirs is as good. */
function publish(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function dropStale(parent: string): void {
  for (const name of readdirSync(parent).filter((each) => each.startsWith('partial-'))) {
    const dir = join(parent, name);
    // Gone a moment ago: its owner has finished.
    const madeAtMs = statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - madeAtMs > STALE_MS) rmSync(dir, { recursive: true, force: true });
  }
}

function outputOf(cause: unknown): string {
  const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
  return `${stdout}${stderr}`.trim().slice(-2_000);
}

/** A Maven project whose run-time dependencies are the broker. */
export function brokerPom(version: string): string {
  const dependency = (group: string, artifact: string, of: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
    `<version>${of}</version></dependency>`;
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>bourse</groupId><artifactId>kafka-broker</artifactId><version>1</version>',
    '<dependencies>',
    dependency('org.apache.kafka', 'kafka_2.13', version),
    dependency('org.slf4j', 'slf4j-simple', SLF4J_VERSION),
    '</dependencies></project>',
  ].join('\n');
}
