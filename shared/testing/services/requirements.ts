// Programs that the servers need and npm does not bring: found, or named with how to install them.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findVariable } from '../../config/environment.ts';

/** Something must be installed first; the message says what and how. */
export class MissingProgram extends Error {
  override readonly name = 'MissingProgram';
}

interface Program {
  readonly purpose: string;
  readonly debian: string;
  readonly homebrew: string;
}

const PROGRAMS = {
  java: {
    purpose: 'Kafka needs Java 17 or later',
    debian: 'openjdk-17-jre-headless',
    homebrew: 'openjdk@17',
  },
  keytool: {
    purpose: 'Certificates that Kafka trusts are stored with the keytool of Java',
    debian: 'openjdk-17-jre-headless',
    homebrew: 'openjdk@17',
  },
  mvn: {
    purpose: "Kafka's jars are fetched with Maven, once for each version",
    debian: 'maven',
    homebrew: 'maven',
  },
  'redis-server': { purpose: 'Redis runs from PATH', debian: 'redis-server', homebrew: 'redis' },
} as const satisfies Record<string, Program>;

export type ProgramName = keyof typeof PROGRAMS;

/** The path of a program; throws MissingProgram. */
export function getProgram(name: ProgramName): string {
  const found = findProgram(name);
  if (found === null) throw new MissingProgram(explain([name]));
  return found;
}

/** Throws one MissingProgram that names all that are missing. */
export function requirePrograms(names: readonly ProgramName[]): void {
  const missing = names.filter((name) => findProgram(name) === null);
  if (missing.length > 0) throw new MissingProgram(explain(missing));
}

/** Java is looked for in JAVA_HOME first. */
function findProgram(name: ProgramName): string | null {
  const folders = (findVariable('PATH') ?? '').split(delimiter);
  const javaHome = findVariable('JAVA_HOME');
  if (javaHome !== undefined) folders.unshift(join(javaHome, 'bin'));
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function explain(missing: readonly ProgramName[]): string {
  const programs = missing.map((name) => PROGRAMS[name]);
  const names = (of: 'debian' | 'homebrew'): string =>
    programs.map((program) => program[of]).join(' ');
  return [
    ...missing.map((name) => `${PROGRAMS[name].purpose}, and there is no ${name} on PATH.`),
    `  apt-get install ${names('debian')}    (Debian, Ubuntu)`,
    `  brew install ${names('homebrew')}    (macOS)`,
    'or let a container engine run the servers: --engine container',
  ].join('\n');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
