// One object of a manifest file that still knows the line of each of its fields: an error without
// a place is half an error.
import { isMap, isNode, isSeq, type Document, type LineCounter } from 'yaml';

export type FieldPath = readonly (string | number)[];

export interface ManifestDocument {
  /** Relative to the folder that was read. */
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
  readonly body: unknown;
  /** Line of a field, or of its nearest ancestor that exists. */
  readonly lineOf: (path: FieldPath) => number;
}

/** Something wrong with a manifest, and where. */
export interface ManifestProblem {
  readonly file: string;
  readonly line: number;
  /** Such as `spec.delivery.retry`. */
  readonly field: string;
  /** The rule of the linter that found it, or `syntax`. */
  readonly rule: string;
  readonly message: string;
}

export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly problems: readonly ManifestProblem[];

  constructor(problems: readonly ManifestProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

export function formatProblem(problem: ManifestProblem): string {
  const field = problem.field === '' ? '' : ` ${problem.field}`;
  return `${problem.file}:${problem.line}${field}: ${problem.message} [${problem.rule}]`;
}

export function formatPath(path: FieldPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** A problem of one field of a document. */
export function problemAt(
  document: ManifestDocument,
  path: FieldPath,
  rule: string,
  message: string,
): ManifestProblem {
  return {
    file: document.file,
    line: document.lineOf(path),
    field: formatPath(path),
    rule,
    message,
  };
}

/** Value of a field, or undefined when any part of the way is missing. */
export function valueAt(value: unknown, path: FieldPath): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}

export function textAt(value: unknown, path: FieldPath): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : undefined;
}

export function listAt(value: unknown, path: FieldPath): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

/** Wraps one parsed YAML document, or answers null for an empty one. */
export function manifestDocument(
  file: string,
  parsed: Document,
  lines: LineCounter,
): ManifestDocument | null {
  const body: unknown = parsed.toJS();
  if (body === null || body === undefined) return null;
  return {
    file,
    apiVersion: textAt(body, ['apiVersion']) ?? '',
    kind: textAt(body, ['kind']) ?? '',
    name: textAt(body, ['metadata', 'name']) ?? '',
    namespace: textAt(body, ['metadata', 'namespace']) ?? null,
    body,
    lineOf: (path) => lineOf(parsed, lines, path),
  };
}

function lineOf(parsed: Document, lines: LineCounter, path: FieldPath): number {
  let at: unknown = parsed.contents;
  let offset = isNode(at) ? (at.range?.[0] ?? 0) : 0;
  for (const part of path) {
    if (isMap(at)) {
      const pair = at.items.find((item) => isNode(item.key) && String(item.key) === String(part));
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      at = pair.value;
    } else if (isSeq(at) && typeof part === 'number') {
      const item: unknown = at.items[part];
      if (item === undefined) break;
      if (isNode(item)) offset = item.range?.[0] ?? offset;
      at = item;
    } else break;
  }
  return lines.linePos(offset).line;
}
