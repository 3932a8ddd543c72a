// What a replay tells at its end, for people and as JSON.
import type { ClientCounts } from '../client/exchange-client.ts';
import type { Recording } from '../flow.ts';
import type { StepCounts } from '../order/sender.ts';
import type { Agreement } from './agreement.ts';
import type { FinalBook } from './final-book.ts';
import type { LatencySummary } from './latencies.ts';

export interface Summary {
  readonly run: string;
  readonly source: string;
  readonly rows: number;
  readonly skipped: Recording['skipped'];
  /** Steps that an earlier part of this run had done already. */
  readonly resumed: number;
  readonly steps: StepCounts;
  readonly trades: number;
  readonly client: ClientCounts;
  readonly elapsedMs: number;
  readonly stepsPerSecond: number;
  readonly latency: LatencySummary;
  /** Null where nothing was recorded, as for a generated flow. */
  readonly agreement: Agreement | null;
  /** Answers that the local model did not expect; above 0 the rest was sent one at a time. */
  readonly surprises: number;
  readonly settled: boolean;
  readonly books: readonly FinalBook[];
}

const LABEL_WIDTH = 12;

export function formatSummary(summary: Summary): string {
  const { steps, skipped, client, latency } = summary;
  const refused = Object.entries(steps.refused).sort(([, a], [, b]) => b - a);
  const lines: [string, string][] = [
    ['run', `${summary.run} (${summary.source})`],
    [
      'rows',
      `${summary.rows}, of which not sent: ${skipped.outcomes} outcomes, ` +
        `${skipped.unknown} of orders from before, ${skipped.unfit} off the market's steps`,
    ],
    ['sent', sentLine(summary)],
    ['trades', String(summary.trades)],
    ['refused', refused.length === 0 ? 'none' : ''],
    ...refused.map(([what, count]): [string, string] => ['', `${count} ${what}`]),
    [
      'errors',
      `${client.serverErrors} answers 5xx, ${client.connectionErrors} connections lost, ` +
        `${client.repeated} requests repeated until known`,
    ],
    ['throughput', `${summary.stepsPerSecond}/s over ${(summary.elapsedMs / 1_000).toFixed(1)} s`],
    [
      'latency',
      `p50 ${ms(latency.p50Ms)}, p90 ${ms(latency.p90Ms)}, p99 ${ms(latency.p99Ms)}, ` +
        `p99.9 ${ms(latency.p999Ms)}, max ${ms(latency.maxMs)}`,
    ],
    ...agreementLines(summary.agreement),
    ...summary.books.map((book): [string, string] => ['book', bookLine(book)]),
  ];
  if (summary.surprises > 0) {
    lines.push(['warning', `${summary.surprises} answers that the local model did not expect`]);
  }
  if (!summary.settled) lines.push(['warning', 'the exchange was still busy at the end']);
  return lines.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}${text}`.trimEnd()).join('\n');
}

function sentLine({ steps, resumed }: Summary): string {
  const parts = [`${steps.orders} orders`, `${steps.cancels} cancels`];
  if (steps.reductions > 0) parts.push(`${steps.reductions} reductions`);
  if (steps.withoutOrder > 0) parts.push(`${steps.withoutOrder} left out: their order was refused`);
  if (resumed > 0) parts.push(`${resumed} done before`);
  return parts.join(', ');
}

function agreementLines(agreement: Agreement | null): [string, string][] {
  if (agreement === null) return [];
  const { exact, orders, filledBoth, filledRecorded, filledHere } = agreement;
  return [
    ['agreement', `${exact} of ${orders} orders filled as recorded (${agreement.exactPercent} %)`],
    [
      '',
      `filled at all: ${filledRecorded} recorded, ${filledHere} here, ${filledBoth} in both; ` +
        `to the lot ${agreement.filledExactPercent} %`,
    ],
    ['', `lots filled: ${agreement.lotsRecorded} recorded, ${agreement.lotsHere} here`],
  ];
}

function bookLine(book: FinalBook): string {
  const verdict =
    book.asExpected === null ? '' : book.asExpected ? ', as expected' : ', NOT AS EXPECTED';
  return (
    `${book.market} at ${book.sequence}: ${book.bids} bids, ${book.asks} asks, ` +
    `${book.sha256.slice(0, 16)}${verdict}`
  );
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}
