// The report as a page to read.
import { outcomeOf, type Report } from './report.ts';

export function pageOf(report: Report): string {
  const { lists, orders, recoveries, requests } = report;
  const figures: [string, string | number][] = [
    ['process kills (SIGKILL)', report.kills],
    ['of them of everything', report.killsOfEverything],
    ['network faults', report.networkFaults],
    ['hits of each crash point, at least', report.crashPointHitsMin],
    ['faults in all', report.steps],
    ['orders acknowledged', `${orders.ok} (${(orders.ok / report.tradedSeconds).toFixed(1)}/s)`],
    ['orders refused', orders.fail],
    ['orders without an answer', `${orders.info} (${orders.infoWithEffect} of them exist)`],
    ['order lists acknowledged', `${lists.ok} (${lists.fail} refused)`],
    ['order lists without an answer', `${lists.info} (${lists.infoWithEffect} of them exist)`],
    ['pairs of which one has traded', lists.pairsTraded],
    ['orders that have traded after the one they waited for', lists.pendingTraded],
    ['requests', `${requests.ok} ok, ${requests.fail} fail, ${requests.info} info`],
    ['trades settled', report.trades],
    ['live reads of the invariants', `${report.liveReads} (+ ${report.liveReadsMissed} missed)`],
    ['rest after the last fault', report.restMs === null ? 'never' : `${report.restMs} ms`],
    ['violations', report.violations.length],
  ];
  return [
    `# Torture: ${outcomeOf(report)}`,
    '',
    `Seed ${report.seed}, profile ${report.profile}, schedule ${report.scheduleHash}, commit ` +
      `${report.commit}, begun ${report.startedAt}, ${report.durationSeconds} s, ` +
      `${report.rounds} rounds.`,
    '',
    `Topology: ${report.topology.join(', ')}.`,
    '',
    ...table(['Figure', ''], figures),
    '',
    ...table(
      ['Recovery', 'count', 'p50', 'p99', 'worst', 'missing'],
      Object.entries(recoveries).map(([kind, figure]) => [
        kind,
        figure.count,
        `${figure.p50Ms} ms`,
        `${figure.p99Ms} ms`,
        `${figure.worstMs} ms`,
        figure.missing,
      ]),
    ),
    '',
    ...table(
      ['Fault', 'happened', 'failed'],
      Object.entries(report.faults).map(([label, { happened, failed }]) => [
        label,
        happened,
        failed,
      ]),
    ),
    '',
    `Clocks are skewed by: ${report.skewMethod}.`,
    '',
    ...section('Not in this topology', report.notHere),
    ...section('Not covered', report.notCovered),
    ...section('Invariants at the end', report.audit),
    ...section(
      'Violations',
      report.violations.map(({ invariant, problem, count, row }) => {
        return `${invariant}: ${problem} (${count}): \`${JSON.stringify(row, withBigints)}\``;
      }),
    ),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [`## ${title}`, '', ...lines.map((line) => `- ${line}`), ''];
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

export function withBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
