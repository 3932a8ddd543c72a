// What a rule of the linter gets and gives.
import type { FieldPath, ManifestDocument, ManifestProblem } from '../manifests/document.ts';
import { problemAt } from '../manifests/document.ts';

export type Severity = 'error' | 'warning';

export interface LintProblem extends ManifestProblem {
  readonly severity: Severity;
}

export interface LintContext {
  readonly documents: readonly ManifestDocument[];
  /** Functions that the image can serve. */
  readonly targets: ReadonlySet<string>;
}

export type Rule = (context: LintContext) => LintProblem[];

export function fault(
  document: ManifestDocument,
  path: FieldPath,
  rule: string,
  message: string,
  severity: Severity = 'error',
): LintProblem {
  return { ...problemAt(document, path, rule, message), severity };
}
