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
    purpose: "Kafka's TLS listener needs the keytool of Java",
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

/** The path of a program; throws MissingProgram. Java is looked for in JAVA_HOME first. */
export function getProgram(name: ProgramName): string {
  const folders = (findVariable('PATH') ?? '').split(delimiter);
  const javaHome = findVariable('JAVA_HOME');
  if (javaHome !== undefined) folders.unshift(join(javaHome, 'bin'));
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  const { purpose, debian, homebrew } = PROGRAMS[name];
  throw new MissingProgram(
    `${purpose}, and there is no ${name} on PATH. Install it:\n` +
      `  apt-get install ${debian}    (Debian, Ubuntu)\n` +
      `  brew install ${homebrew}    (macOS)\n` +
      'or let a container engine run the servers: --engine container',
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
