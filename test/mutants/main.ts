// `npm run mutants`: does the suite bite? Applies each patch to a copy of the project and runs the
// tests that must notice it. A mutant that no test catches is a hole in the suite. The same tests
// run on the untouched copy first: a test that fails anyway proves nothing.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readMutants, type Mutant } from './mutant.ts';

const HELP = `npm run mutants [-- options]

  --only NAME,NAME   these mutants alone
  --list             names and what they break
  --json             print the table as JSON

Exits with 1 when a mutant survives, does not apply, or a test fails on the untouched code.`;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What vitest says of a run, in the copy. */
const REPORT = 'report.json';
/** A mutant may make its tests hang. */
const TESTS_TIMEOUT_MS = 240_000;

interface TestRun {
  readonly seconds: number;
  /** Full name of the first failed test; null when all passed. */
  readonly failed: string | null;
}

interface Verdict {
  readonly mutant: string;
  readonly breaks: string;
  readonly verdict: 'caught' | 'survived' | 'does not apply';
  readonly by: string | null;
  readonly seconds: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const mutants = chooseMutants(values.only);
  if (values.list) {
    for (const { name, breaks } of mutants) console.log(`${name}: ${breaks}`);
    return 0;
  }
  const copy = makeCopy();
  try {
    const catchers = [...new Set(mutants.flatMap((mutant) => mutant.catchers))];
    process.stderr.write(`untouched: ${catchers.join(' ')}\n`);
    const clean = await runTests(copy, catchers);
    if (clean.failed !== null) {
      console.error(`fails on the untouched code: ${clean.failed}`);
      return 1;
    }
    const verdicts: Verdict[] = [];
    for (const mutant of mutants) {
      const verdict = await judge(copy, mutant);
      process.stderr.write(`${verdict.verdict}: ${mutant.name} (${verdict.seconds} s)\n`);
      verdicts.push(verdict);
    }
    print(verdicts, values.json);
    return verdicts.every(({ verdict }) => verdict === 'caught') ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function chooseMutants(only: string | undefined): Mutant[] {
  const mutants = readMutants();
  if (only === undefined) return mutants;
  const names = only.split(',');
  const unknown = names.filter((name) => !mutants.some((mutant) => mutant.name === name));
  if (unknown.length > 0) throw new Error(`no mutant ${unknown.join(', ')}: see --list`);
  return mutants.filter((mutant) => names.includes(mutant.name));
}

/** The files that git knows, beside the installed packages. */
function makeCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'bourse-mutants-'));
  const listed = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  if (listed.status !== 0) throw new Error(`git ls-files failed: ${listed.stderr}`);
  for (const file of listed.stdout.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  // Some tests ask git which files there are; and a patch must not be taken for another's.
  spawnSync('git', ['init', '--quiet'], { cwd: copy });
  writeFileSync(join(copy, '.git', 'info', 'exclude'), `node_modules\n${REPORT}\n`);
  spawnSync('git', ['add', '--all'], { cwd: copy });
  return copy;
}

async function judge(copy: string, mutant: Mutant): Promise<Verdict> {
  const about = { mutant: mutant.name, breaks: mutant.breaks };
  if (!patch(copy, mutant, []))
    return { ...about, verdict: 'does not apply', by: null, seconds: 0 };
  try {
    let seconds = 0;
    for (const catcher of mutant.catchers) {
      const result = await runTests(copy, [catcher]);
      seconds += result.seconds;
      if (result.failed !== null) {
        return { ...about, verdict: 'caught', by: `${catcher}: ${result.failed}`, seconds };
      }
    }
    return { ...about, verdict: 'survived', by: null, seconds };
  } finally {
    patch(copy, mutant, ['--reverse']);
  }
}

function patch(copy: string, mutant: Mutant, flags: readonly string[]): boolean {
  const applied = spawnSync('git', ['apply', '--unidiff-zero', ...flags, mutant.file], {
    cwd: copy,
    encoding: 'utf8',
  });
  if (applied.status !== 0) process.stderr.write(applied.stderr);
  return applied.status === 0;
}

async function runTests(copy: string, files: readonly string[]): Promise<TestRun> {
  const report = join(copy, REPORT);
  rmSync(report, { force: true });
  const startedMs = performance.now();
  const args = ['--bail=1', '--reporter=json', `--outputFile=${report}`];
  const child = spawn('npx', ['vitest', 'run', ...files, ...args], {
    cwd: copy,
    stdio: 'ignore',
    timeout: TESTS_TIMEOUT_MS,
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  return { seconds, failed: code === 0 ? null : firstFailure(report) };
}

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function firstFailure(report: string): string {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    for (const file of testResults) {
      const failed = file.assertionResults.find((result) => result.status === 'failed');
      if (failed !== undefined) return failed.fullName;
      if (file.message !== '') return file.message.split('\n')[0] ?? '';
    }
    return 'an error outside of any test';
  } catch {
    return 'the tests ended without a report';
  }
}

function print(verdicts: readonly Verdict[], json: boolean): void {
  if (json) {
    console.log(JSON.stringify(verdicts, null, 2));
    return;
  }
  console.log('| Mutant | Breaks | Verdict | By | Seconds |\n| --- | --- | --- | --- | --- |');
  for (const { mutant, breaks, verdict, by, seconds } of verdicts) {
    console.log(`| ${mutant} | ${breaks} | ${verdict} | ${by ?? ''} | ${seconds} |`);
  }
}

process.exitCode = await main();
