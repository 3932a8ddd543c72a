// Knative Services: what the serving webhook refuses although the CRD allows it, and scaling.
import {
  listAt,
  textAt,
  valueAt,
  type FieldPath,
  type ManifestDocument,
} from '../../manifests/document.ts';
import { isKafkaSource, isKnativeService } from '../../manifests/kinds.ts';
import { fault, type LintContext, type LintProblem, type Rule } from '../rule.ts';

const POD: FieldPath = ['spec', 'template', 'spec'];
const ANNOTATIONS: FieldPath = ['spec', 'template', 'metadata', 'annotations'];
/** max-revision-timeout-seconds of the cluster. */
const TIMEOUT_SECONDS_MAX = 600;
const CONCURRENCY_MAX = 1000;
const AUTOSCALING = 'autoscaling.knative.dev/';

const ANNOTATION_NAMES = new Set(
  [
    ...['class', 'min-scale', 'max-scale', 'initial-scale', 'target', 'metric', 'window'],
    ...['target-utilization-percentage', 'target-burst-capacity', 'activation-scale'],
    ...['panic-window-percentage', 'panic-threshold-percentage', 'scale-down-delay'],
    'scale-to-zero-pod-retention-period',
  ].map((name) => AUTOSCALING + name),
);

/** Refused by the webhook unless a feature flag of the cluster is on. */
const FLAGGED_FIELDS = [
  ...['nodeSelector', 'affinity', 'tolerations', 'topologySpreadConstraints', 'hostAliases'],
  ...['initContainers', 'securityContext', 'priorityClassName', 'runtimeClassName', 'hostNetwork'],
  ...['hostIPC', 'hostPID', 'dnsPolicy', 'dnsConfig', 'schedulerName', 'shareProcessNamespace'],
] as const;
const PLAIN_VOLUMES = new Set(['name', 'secret', 'configMap', 'projected', 'emptyDir']);

const timeouts: Rule = each((service) => {
  const found: LintProblem[] = [];
  for (const field of ['timeoutSeconds', 'responseStartTimeoutSeconds', 'idleTimeoutSeconds']) {
    const value = valueAt(service.body, [...POD, field]);
    if (typeof value === 'number' && value > TIMEOUT_SECONDS_MAX) {
      const message = `${value} is above the cluster's ${TIMEOUT_SECONDS_MAX} s`;
      found.push(fault(service, [...POD, field], 'timeout-too-long', message));
    }
  }
  if (valueAt(service.body, [...POD, 'timeoutSeconds']) === undefined) {
    found.push(
      fault(service, POD, 'timeout-missing', 'timeoutSeconds is not set: requests hang for 300 s'),
    );
  }
  return found;
});

const concurrency: Rule = each((service) => {
  const path = [...POD, 'containerConcurrency'];
  const value = valueAt(service.body, path);
  if (typeof value !== 'number' || (value >= 0 && value <= CONCURRENCY_MAX)) return [];
  return [
    fault(service, path, 'concurrency-range', `${value} is not within 0..${CONCURRENCY_MAX}`),
  ];
});

const flaggedFields: Rule = each((service) => {
  const found = FLAGGED_FIELDS.filter(
    (field) => valueAt(service.body, [...POD, field]) !== undefined,
  ).map((field) =>
    fault(service, [...POD, field], 'feature-flag', `${field} needs a feature flag of Knative`),
  );
  for (const [at, volume] of listAt(service.body, [...POD, 'volumes']).entries()) {
    for (const kind of Object.keys(volume ?? {})) {
      if (PLAIN_VOLUMES.has(kind)) continue;
      const path = [...POD, 'volumes', at, kind];
      found.push(fault(service, path, 'feature-flag', `a ${kind} volume needs a feature flag`));
    }
  }
  return found;
});

const annotations: Rule = each((service) => {
  const given = valueAt(service.body, ANNOTATIONS) ?? {};
  const found: LintProblem[] = [];
  for (const [name, value] of Object.entries(given)) {
    const path = [...ANNOTATIONS, name];
    if (!name.startsWith(AUTOSCALING)) continue;
    if (!ANNOTATION_NAMES.has(name)) {
      found.push(fault(service, path, 'annotation-unknown', 'no such autoscaling annotation'));
    } else if (typeof value !== 'string') {
      found.push(fault(service, path, 'annotation-text', 'annotations are text: put it in quotes'));
    }
  }
  for (const name of Object.keys(valueAt(service.body, ['metadata', 'annotations']) ?? {})) {
    if (!name.startsWith(AUTOSCALING)) continue;
    const path = ['metadata', 'annotations', name];
    const message = 'has no effect here: it belongs to spec.template.metadata';
    found.push(fault(service, path, 'annotation-place', message));
  }
  return found;
});

/** A sink at zero loses attempts to cold starts, and its source may retry without end. */
const sinksNeverAtZero: Rule = (context) => {
  const sinks = new Set(
    context.documents
      .filter(isKafkaSource)
      .map((source) => textAt(source.body, ['spec', 'sink', 'ref', 'name'])),
  );
  return each((service) => {
    if (!sinks.has(service.name)) return [];
    const scale = textAt(service.body, [...ANNOTATIONS, `${AUTOSCALING}min-scale`]);
    if (scale !== undefined && /^[1-9][0-9]*$/.test(scale)) return [];
    const path = [...ANNOTATIONS, `${AUTOSCALING}min-scale`];
    return [
      fault(service, path, 'sink-min-scale', 'the sink of a KafkaSource needs min-scale >= 1'),
    ];
  })(context);
};

const target: Rule = (context) =>
  each((service) => {
    const env = listAt(service.body, [...POD, 'containers', 0, 'env']);
    const at = env.findIndex((variable) => textAt(variable, ['name']) === 'FUNCTION_TARGET');
    if (at < 0) {
      const path = [...POD, 'containers', 0, 'env'];
      return [fault(service, path, 'target-missing', 'FUNCTION_TARGET is not set')];
    }
    const name = textAt(env[at], ['value']) ?? '';
    if (context.targets.has(name)) return [];
    const known = [...context.targets].sort().join(', ');
    const path = [...POD, 'containers', 0, 'env', at, 'value'];
    return [fault(service, path, 'target-unknown', `no function "${name}"; there are ${known}`)];
  })(context);

export const serviceRules: readonly Rule[] = [
  timeouts,
  concurrency,
  flaggedFields,
  annotations,
  sinksNeverAtZero,
  target,
];

function each(check: (service: ManifestDocument) => LintProblem[]): Rule {
  return (context: LintContext) => context.documents.filter(isKnativeService).flatMap(check);
}
