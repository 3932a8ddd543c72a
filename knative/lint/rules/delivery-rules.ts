// The delivery traps of KafkaSource: blocks that are accepted and then mean something else.
import {
  textAt,
  valueAt,
  type FieldPath,
  type ManifestDocument,
} from '../../manifests/document.ts';
import { parseDurationMs } from '../../manifests/duration.ts';
import { isKafkaSource, isKnativeService } from '../../manifests/kinds.ts';
import { fault, type LintProblem, type Rule } from '../rule.ts';

const DELIVERY: FieldPath = ['spec', 'delivery'];

/** Trap 1: a present block without retry means none; an absent one drops after ten minutes. */
const retry: Rule = each((source) => {
  if (valueAt(source.body, DELIVERY) === undefined) {
    const message = 'delivery is not set: after 10 retries the event is dropped';
    return [fault(source, ['spec'], 'delivery-missing', message)];
  }
  if (valueAt(source.body, [...DELIVERY, 'retry']) !== undefined) return [];
  const message = 'without retry there is no retry at all, whatever else is set';
  return [fault(source, [...DELIVERY, 'retry'], 'delivery-retry', message)];
});

/** Trap 2: the delay of a present block is 200 ms, not the 300 ms of an absent one. */
const backoff: Rule = each((source) => {
  if (valueAt(source.body, DELIVERY) === undefined) return [];
  const found: LintProblem[] = [];
  if (valueAt(source.body, [...DELIVERY, 'backoffDelay']) === undefined) {
    const message = 'without backoffDelay it is 200 ms; say it';
    found.push(fault(source, [...DELIVERY, 'backoffDelay'], 'delivery-backoff', message));
  }
  const policy = valueAt(source.body, [...DELIVERY, 'backoffPolicy']);
  if (policy !== 'linear' && policy !== 'exponential') {
    const message = 'must be linear or exponential';
    found.push(fault(source, [...DELIVERY, 'backoffPolicy'], 'delivery-backoff', message));
  }
  return found;
});

/** Trap 3: without a dead letter sink an event that fails is committed and gone. */
const deadLetter: Rule = each((source) => {
  if (valueAt(source.body, [...DELIVERY, 'deadLetterSink']) !== undefined) return [];
  const message = 'no deadLetterSink: an event that fails is lost';
  return [fault(source, [...DELIVERY, 'deadLetterSink'], 'delivery-dead-letter', message)];
});

const durations: Rule = each((source) =>
  ['backoffDelay', 'timeout', 'retryAfterMax'].flatMap((field) => {
    const value = valueAt(source.body, [...DELIVERY, field]);
    if (value === undefined) return [];
    const path = [...DELIVERY, field];
    if (field === 'retryAfterMax') {
      return [
        fault(source, path, 'delivery-ignored', 'the Kafka data plane does not implement it'),
      ];
    }
    if (typeof value === 'string' && (parseDurationMs(value) ?? 0) > 0) return [];
    const message = `${JSON.stringify(value)} is no duration such as PT0.2S`;
    return [fault(source, path, 'delivery-duration', message)];
  }),
);

/** queue-proxy answers 504 after timeoutSeconds: a longer delivery timeout promises too much. */
const timeoutWithinService: Rule = (context) =>
  each((source) => {
    const timeoutMs = parseDurationMs(textAt(source.body, [...DELIVERY, 'timeout']) ?? '');
    const sink = textAt(source.body, ['spec', 'sink', 'ref', 'name']);
    const service = context.documents.find(
      (document) => isKnativeService(document) && document.name === sink,
    );
    const seconds = valueAt(service?.body, ['spec', 'template', 'spec', 'timeoutSeconds']);
    if (timeoutMs === null || typeof seconds !== 'number' || timeoutMs <= seconds * 1000) return [];
    const message = `is longer than timeoutSeconds (${seconds}) of ${service?.name ?? ''}`;
    return [fault(source, [...DELIVERY, 'timeout'], 'delivery-timeout', message, 'warning')];
  })(context);

export const deliveryRules: readonly Rule[] = [
  retry,
  backoff,
  deadLetter,
  durations,
  timeoutWithinService,
];

function each(check: (source: ManifestDocument) => LintProblem[]): Rule {
  return ({ documents }) => documents.filter(isKafkaSource).flatMap(check);
}
