// The independent auditor on the whole of what is left, as a program of its own.
import { runProgram } from '../../e2e/exchange.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Violations } from './violations.ts';

interface Verdict {
  readonly invariant: string;
  readonly meaning: string;
  readonly ok: boolean;
  readonly row?: unknown;
  readonly count?: number;
}

/** Answers what was judged, one line an invariant. */
export async function auditFinally(cluster: Cluster, violations: Violations): Promise<string[]> {
  const result = await runProgram('test/audit/main.ts', [
    ...['--url', cluster.postgres.url],
    ...['--snapshots', cluster.snapshotsDir],
    ...(cluster.beside.brokers === null ? [] : ['--kafka', cluster.beside.brokers]),
    ...['--final', '--json'],
  ]);
  const verdicts = parse(result.stdout);
  if (verdicts === null) {
    violations.add('audit', 'the audit could not be done', result.output.slice(-2_000));
    return [];
  }
  for (const { invariant, ok, row } of verdicts) {
    if (!ok) violations.add(invariant, 'the audit at the end', row);
  }
  return verdicts.map(({ invariant, meaning, ok }) => {
    return `${invariant} ${ok ? 'holds' : 'VIOLATED'}: ${meaning}`;
  });
}

function parse(stdout: string): readonly Verdict[] | null {
  try {
    const report = JSON.parse(stdout) as { readonly invariants: readonly Verdict[] };
    return report.invariants;
  } catch {
    return null; // it ended before it had judged; its output says why
  }
}
