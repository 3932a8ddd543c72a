// Everything about our manifests that no schema catches: what its webhooks refuse, what it
// accepts and then does otherwise than meant, and what disagrees with the code.
import type { ManifestDocument } from '../manifests/document.ts';
import type { LintContext, LintProblem, Rule } from './rule.ts';
import { catalogRules } from './rules/catalog-rules.ts';
import { containerRules } from './rules/container-rules.ts';
import { deliveryRules } from './rules/delivery-rules.ts';
import { exposureRules } from './rules/exposure-rules.ts';
import { kafkaRules } from './rules/kafka-rules.ts';
import { limitRules } from './rules/limit-rules.ts';
import { referenceRules } from './rules/reference-rules.ts';
import { routeRules } from './rules/route-rules.ts';
import { serviceRules } from './rules/service-rules.ts';
import { shardRules } from './rules/shard-rules.ts';
import { sourceRules } from './rules/source-rules.ts';

const RULES: readonly Rule[] = [
  ...referenceRules,
  ...serviceRules,
  ...containerRules,
  ...sourceRules,
  ...deliveryRules,
  ...routeRules,
  ...exposureRules,
  ...catalogRules,
  ...shardRules,
  ...kafkaRules,
  ...limitRules,
];

/** Problems by file and line. `targets` are the functions that the image can serve. */
export function lintManifests(
  documents: readonly ManifestDocument[],
  targets: ReadonlySet<string>,
): LintProblem[] {
  const context: LintContext = { documents, targets };
  return RULES.flatMap((rule) => rule(context)).sort(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line,
  );
}
