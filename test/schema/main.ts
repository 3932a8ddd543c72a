// npm run test:schema: the whole exchange against its own document, by schemathesis.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Exchange } from '../e2e/exchange.ts';
import { readOptions, USAGE, UsageError, type Audience, type SchemaOptions } from './options.ts';
import { configFor, documentFor, type ApiDocument } from './plan.ts';

const USER = 'alice';
const EXIT_NOT_DONE = 2;
/** A request that hangs is a failure, not a wait; `Prefer: wait` is 10 s at most. */
const REQUEST_TIMEOUT_SECONDS = 15;

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options !== null) return await run(options);
    console.log(USAGE);
    return 0;
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : error);
    return EXIT_NOT_DONE;
  }
}

async function run(options: SchemaOptions): Promise<number> {
  const exchange = await Exchange.createWhole();
  const folder = mkdtempSync(join(tmpdir(), 'bourse-schema-'));
  try {
    const answer = await fetch(`${exchange.publicUrl}/v1/openapi.json`);
    const document = documentFor((await answer.json()) as ApiDocument);
    let failed = 0;
    for (const audience of options.audiences) {
      const token = audience === 'nobody' ? null : await exchange.token(USER);
      console.log(`as ${audience}, seed ${options.seed}`);
      writeFileSync(join(folder, 'openapi.json'), JSON.stringify(document));
      writeFileSync(join(folder, 'schemathesis.toml'), configFor(document, audience, token));
      if (!(await passes(options, audience, folder, exchange.publicUrl))) failed += 1;
    }
    return failed === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await exchange.remove();
  }
}

function passes(
  { program, seed, cases }: SchemaOptions,
  audience: Audience,
  folder: string,
  url: string,
): Promise<boolean> {
  const args = [
    ...['--config-file', join(folder, 'schemathesis.toml')],
    ...['run', join(folder, 'openapi.json'), '--url', url],
    ...['--seed', String(seed), '--max-examples', String(cases), '--checks', 'all'],
    ...['--request-timeout', String(REQUEST_TIMEOUT_SECONDS), '--continue-on-failure'],
    // Who has nothing cannot follow it from route to route.
    ...(audience !== 'user' ? ['--phases', 'examples,coverage,fuzzing'] : []),
  ];
  return new Promise((done, fail) => {
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', fail);
    child.once('close', (code) => done(code === 0));
  });
}

process.exitCode = await main();
