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

/** An order that expires by the clock is behind until it is projected: that passes, a loss not. */
const AUDITS_MAX = 3;

/** Answers what was judged, one line an invariant. */
export async function auditFinally(cluster: Cluster, violations: Violations): Promise<string[]> {
  let result = await audit(cluster);
  let verdicts = parse(result.stdout);
  for (let audits = 1; audits < AUDITS_MAX && isBehindAlone(verdicts); audits += 1) {
    result = await audit(cluster);
    verdicts = parse(result.stdout);
  }
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

function audit(cluster: Cluster): ReturnType<typeof runProgram> {
  return runProgram('test/audit/main.ts', [
    ...['--url', cluster.postgres.url],
    ...['--snapshots', cluster.snapshotsDir],
    ...(cluster.beside.brokers === null ? [] : ['--kafka', cluster.beside.brokers]),
    ...['--final', '--json'],
  ]);
}

function isBehindAlone(verdicts: readonly Verdict[] | null): boolean {
  const violated = (verdicts ?? []).filter(({ ok }) => !ok);
  return violated.length > 0 && violated.every(({ invariant }) => invariant === 'A5');
}

function parse(stdout: string): readonly Verdict[] | null {
  try {
    const report = JSON.parse(stdout) as { readonly invariants: readonly Verdict[] };
    return report.invariants;
  } catch {
    return null; // it ended before it had judged; its output says why
  }
}
