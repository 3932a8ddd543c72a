// The rules of the house, each a function from a file to what is wrong with it.
import type { Import, SourceFile } from './source-files.ts';

export const FILE_LINES_MAX = 400;
export const LINE_CHARACTERS_MAX = 100;

/** Answers complaints, each naming file and line or import. */
export type Rule = (file: SourceFile) => string[];

const isTest = (path: string) => /\.test\.ts$/.test(path);
const isPure = (path: string) =>
  !isTest(path) &&
  (/^shared\/(money|domain|events)\//.test(path) ||
    /^functions\/[a-z-]+\/(schema|decide)(\.ts$|\/)/.test(path) ||
    path === 'shared/passwords/password-policy.ts' ||
    path.startsWith('engine-daemon/core/'));

/** Files of the top-level folder, or of one function, are one unit. */
function unitOf(path: string): string {
  const parts = path.split('/');
  return parts[0] === 'functions' && parts.length > 2
    ? `functions/${parts[1] ?? ''}`
    : (parts[0] ?? '');
}

function complain(file: SourceFile, each: Import, why: string): string {
  return `${file.path}: imports ${each.specifier}: ${why}`;
}

/** shared imports only shared; functions and the engine only themselves and shared. */
export const keepsToItsUnit: Rule = (file) => {
  const unit = unitOf(file.path);
  if (!/^(shared|functions\/|engine-daemon)/.test(unit)) return [];
  return file.imports
    .filter((each) => each.target !== null)
    .filter((each) => {
      const target = unitOf(each.target ?? '');
      return target !== unit && target !== 'shared';
    })
    .map((each) => complain(file, each, `${unit} may import only itself and shared`));
};

const PURE_PACKAGES = new Set(['zod']);

/** Pure files import pure files and zod, and touch no clock, randomness or process. */
export const staysPure: Rule = (file) => {
  if (!isPure(file.path)) return [];
  const imports = file.imports
    .filter((each) =>
      each.target === null ? !PURE_PACKAGES.has(each.specifier) : !isAllowedFromPure(each),
    )
    .map((each) => complain(file, each, 'a pure file imports pure files and zod only'));
  const uses = findWords(file, [
    /\bDate\.now\(/,
    /\bnew Date\(\)/,
    /\bMath\.random\(/,
    /\bcrypto\./,
    /\bprocess\./,
    /\bsetTimeout\(|\bsetInterval\(|\bsetImmediate\(/,
    /\bfetch\(/,
    /\bconsole\./,
    /\bparseFloat\(/,
  ]);
  return [...imports, ...uses];
};

/** Field schemas of lists are pure although they live beside the server's code. */
const PURE_EXTRAS = new Set(['shared/http/list.ts', 'shared/http/cursor.ts']);

function isAllowedFromPure(each: Import): boolean {
  return isPure(each.target ?? '') || PURE_EXTRAS.has(each.target ?? '');
}

/** Some packages and globals belong to one place. */
export const keepsThingsInTheirPlace: Rule = (file) => {
  const free = /^(test|docs)\//.test(file.path) || isTest(file.path);
  if (free) return [];
  const complaints: string[] = [];
  for (const each of file.imports) {
    if (each.specifier === 'pg' && !/^shared\/(db|bus)\//.test(file.path)) {
      complaints.push(complain(file, each, 'pg only in shared/db and shared/bus'));
    }
    if (each.specifier === 'kafkajs' && !file.path.startsWith('shared/bus/')) {
      complaints.push(complain(file, each, 'Kafka only in shared/bus'));
    }
    if (each.specifier === 'ioredis' && !file.path.startsWith('shared/cache/')) {
      complaints.push(complain(file, each, 'Redis only in shared/cache'));
    }
    if (each.specifier.startsWith('@google-cloud/') && !file.path.startsWith('shared/function/')) {
      complaints.push(complain(file, each, 'the functions framework only in shared/function'));
    }
  }
  if (!file.path.startsWith('shared/config/')) {
    complaints.push(...findWords(file, [/\bprocess\.env\b/]));
  }
  return complaints;
};

/** The policy of a route stands in the one table, where everybody looks for it. */
export const takesPoliciesFromTheTable: Rule = (file) =>
  file.path.startsWith('functions/') && !isTest(file.path) ? findWords(file, [/\bpolicy:/]) : [];

/** Relative imports end in .ts; no barrels, no default exports. */
export const importsPlainly: Rule = (file) => {
  const complaints = file.imports
    .filter((each) => each.target !== null && !/\.(ts|json)$/.test(each.specifier))
    .map((each) => complain(file, each, 'relative imports name the .ts file'));
  if (/(^|\/)index\.ts$/.test(file.path)) complaints.push(`${file.path}: no barrels`);
  if (!/\.config\.ts$/.test(file.path)) {
    complaints.push(...findWords(file, [/^export default\b/]));
  }
  return complaints;
};

/** A text of one line is not broken: what is searched for should be found. */
const LONG_TEXT = /['"`][^'"`]{25,}|https?:\/\/|^\s*(<|[a-z]+ .*\$\{)/;

/** Short files, short lines, and a first line that says what the file is for. */
export const isShort: Rule = (file) => {
  const complaints: string[] = [];
  const count = file.lines.length - 1;
  if (count > FILE_LINES_MAX) complaints.push(`${file.path}: ${count} lines`);
  file.lines.forEach((line, at) => {
    if (line.length > LINE_CHARACTERS_MAX && !LONG_TEXT.test(line)) {
      complaints.push(`${file.path}:${at + 1}: ${line.length} characters`);
    }
  });
  if (!isTest(file.path) && !file.text.startsWith('//'))
    complaints.push(`${file.path}: does not open with its job`);
  return complaints;
};

const BANNED_NAMES = /^(utils?|helpers?|common|misc|manager|lib|index|stuff|shared)$/;

/** Kebab-case names that say something. */
export const isNamedWell: Rule = (file) => {
  const parts = file.path.split('/');
  const complaints: string[] = [];
  for (const part of parts) {
    const stem = part.replace(/(\.int|\.e2e)?(\.test|\.config)?\.ts$/, '');
    if (!/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(stem) && stem !== '.ci') {
      complaints.push(`${file.path}: "${part}" is not kebab-case`);
    }
    if (parts.length > 1 && part !== parts[0] && BANNED_NAMES.test(stem)) {
      complaints.push(`${file.path}: "${part}" names nothing`);
    }
  }
  return complaints;
};

/** Words that have one agreed form (docs/glossary.md), and marks of unfinished work. */
export const speaksOurWords: Rule = (file) =>
  findWords(file, [
    /\b(TODO|FIXME|HACK)\b/,
    /@ts-(ignore|nocheck|expect-error)/,
    /eslint-disable/,
    /\b(symbolId|tradingPair|currencyPair|instrumentId)\b/,
    /\bclass \w+(Manager|Util|Utils|Helper|Impl)\b/,
    /\binterface I[A-Z]\w+/,
    /\benum\s+\w+\s*\{/,
  ]);

function findWords(file: SourceFile, patterns: readonly RegExp[]): string[] {
  return file.lines.flatMap((line, at) =>
    patterns
      .filter((pattern) => pattern.test(line))
      .map((pattern) => `${file.path}:${at + 1}: ${pattern.source}`),
  );
}
