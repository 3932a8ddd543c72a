// What an operator does to an exchange under test: runs the command-line tools, and the audit.
import { expect } from 'vitest';
import { runProgram, type Exchange } from './exchange.ts';

const TOOLS = {
  admin: 'functions/admin/operator/main.ts',
  accounts: 'shared/accounts/main.ts',
  fees: 'functions/fees/operator/main.ts',
  markets: 'shared/markets/main.ts',
  risk: 'functions/risk/operator/main.ts',
} as const;

/** Runs a tool as its operator would; answers what it prints. Fails the test when the tool does. */
export async function operate(
  exchange: Exchange,
  tool: keyof typeof TOOLS,
  ...words: readonly string[]
): Promise<string> {
  const args = [...words, '--reason', 'an attack in a test'];
  const done = await runProgram(TOOLS[tool], args, { DATABASE_URL: exchange.databaseUrl });
  expect(done.code, done.output).toBe(0);
  return done.stdout;
}

/** All invariants hold, and no work is left anywhere. */
export async function expectCleanAudit(exchange: Exchange): Promise<void> {
  const flags = ['--data-dir', exchange.dataDir, '--final'];
  const audit = await runProgram('test/audit/main.ts', flags);
  expect(audit.output).not.toContain('VIOLATED');
  expect(audit.code, audit.output).toBe(0);
}
