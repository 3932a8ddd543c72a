// What the tool prints, for people and as JSON.
import type { Result } from './act.ts';
import type { Found, KnownLetter } from './find-letters.ts';
import { whyNotRedrivable } from './letter.ts';
import { formatPosition } from './position.ts';
import type { Action } from './store.ts';

const BODY_BYTES_SHOWN_MAX = 8_192;
const ERROR_CHARACTERS_SHOWN_MAX = 120;

export function listLines({ items, next }: Found): string[] {
  const lines = items.map(({ letter, state, latest }) =>
    [
      formatPosition(letter.position).padEnd(8),
      letter.at.toISOString(),
      state.padEnd(11),
      letter.consumer.padEnd(13),
      letter.origin,
      letter.event.attributes['type'] ?? '-',
      [letter.code ?? '-', oneLine(letter.error)].join(' '),
      latest === null ? '' : `[${latest.actor}: ${oneLine(latest.reason)}]`,
    ]
      .join('  ')
      .trimEnd(),
  );
  if (lines.length === 0) lines.push('no letters');
  if (next !== null) lines.push(`more: --after ${formatPosition(next)}`);
  return lines;
}

export function listJson({ items, next }: Found): object {
  return {
    items: items.map(summaryOf),
    next: next === null ? null : formatPosition(next),
  };
}

export function showLines(known: KnownLetter, history: readonly Action[]): string[] {
  const { letter, state } = known;
  const shown = letter.body.subarray(0, BODY_BYTES_SHOWN_MAX).toString('utf8');
  const left = letter.body.length - Math.min(letter.body.length, BODY_BYTES_SHOWN_MAX);
  const why = whyNotRedrivable(letter);
  return [
    `position   ${formatPosition(letter.position)}, written ${letter.at.toISOString()}`,
    `state      ${state}${why === null ? '' : `; not to be redriven: ${why}`}`,
    `consumer   ${letter.consumer}${letter.destination === null ? '' : ` (${letter.destination.toString()})`}`,
    `event from ${letter.origin}`,
    `answer     ${letter.code ?? 'none'} ${printable(letter.error)}`.trimEnd(),
    ...Object.entries(letter.event.attributes).map(
      ([name, value]) => `  ${name}: ${printable(value)}`,
    ),
    `body, ${letter.event.contentType ?? 'no content type'}, ${letter.body.length} bytes`,
    printable(shown),
    ...(left > 0 ? [`... and ${left} bytes more (--json has all of it)`] : []),
    ...history.map(actionLine),
  ];
}

export function showJson(known: KnownLetter, history: readonly Action[]): object {
  const { letter } = known;
  return {
    ...summaryOf(known),
    attributes: letter.event.attributes,
    contentType: letter.event.contentType ?? null,
    bodyBase64: letter.body.toString('base64'),
    notRedrivable: whyNotRedrivable(letter),
    history: history.map((each) => ({ ...each, at: each.at.toISOString() })),
  };
}

export function resultLines(results: readonly Result[]): string[] {
  if (results.length === 0) return ['nothing to do'];
  return results.map(
    ({ position, result, detail }) =>
      `${position.padEnd(8)}  ${result.padEnd(8)}  ${oneLine(detail)}`,
  );
}

function summaryOf({ letter, state }: KnownLetter): object {
  return {
    position: formatPosition(letter.position),
    at: letter.at.toISOString(),
    state,
    consumer: letter.consumer,
    destination: letter.destination?.toString() ?? null,
    origin: letter.origin,
    type: letter.event.attributes['type'] ?? null,
    id: letter.event.attributes['id'] ?? null,
    code: letter.code,
    error: letter.error,
  };
}

function actionLine(each: Action): string {
  const detail = each.detail === null ? '' : `: ${oneLine(each.detail)}`;
  const who = `${each.actor} (${each.databaseRole})`;
  return `${each.at.toISOString()}  ${each.action} by ${who}, ${oneLine(each.reason)}${detail}`;
}

/** Strangers chose these texts: a terminal must not take any of it for a command. */
function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, '\u{fffd}');
}

function oneLine(text: string): string {
  const line = printable(text).replace(/\s+/g, ' ').trim();
  return line.length <= ERROR_CHARACTERS_SHOWN_MAX
    ? line
    : `${line.slice(0, ERROR_CHARACTERS_SHOWN_MAX)}...`;
}
