// KafkaSources: enumerations that only the webhook knows, and where the events go.
import { textAt, valueAt, type ManifestDocument } from '../../manifests/document.ts';
import { isKafkaSink, isKafkaSource, isKnativeService } from '../../manifests/kinds.ts';
import { fault, type LintContext, type LintProblem, type Rule } from '../rule.ts';

const ENUMS: Readonly<Record<string, readonly string[]>> = {
  ordering: ['ordered', 'unordered'],
  initialOffset: ['earliest', 'latest'],
};

/** Both defaults differ from what one would guess, so they are always written. */
const enums: Rule = each((source) =>
  Object.entries(ENUMS).flatMap(([field, allowed]) => {
    const value = valueAt(source.body, ['spec', field]);
    if (typeof value === 'string' && allowed.includes(value)) return [];
    const said = value === undefined ? 'is not set' : `is ${JSON.stringify(value)}`;
    const message = `${field} ${said}: ${allowed.join(' or ')}`;
    return [fault(source, ['spec', field], 'source-enum', message)];
  }),
);

const consumerGroup: Rule = (context) => {
  const seen = new Map<string, string>();
  return each((source) => {
    const group = textAt(source.body, ['spec', 'consumerGroup']);
    const path = ['spec', 'consumerGroup'];
    if (group === undefined || group === '') {
      const message = 'is not set: a random one is made and can never be changed';
      return [fault(source, path, 'consumer-group-missing', message)];
    }
    const other = seen.get(group);
    seen.set(group, source.name);
    if (other === undefined) return [];
    const message = `${group} is also that of ${other}: they would share the events`;
    return [fault(source, path, 'consumer-group-shared', message)];
  })(context);
};

const destinations: Rule = (context) =>
  each((source) => [
    ...checkDestination(context, source, ['spec', 'sink'], 'sink'),
    ...checkDestination(
      context,
      source,
      ['spec', 'delivery', 'deadLetterSink'],
      'dead letter sink',
    ),
  ])(context);

const sinkPath: Rule = each((source) => {
  const uri = textAt(source.body, ['spec', 'sink', 'uri']);
  if (uri === undefined) {
    const message = 'is not set: events go to /, which no function serves';
    return [fault(source, ['spec', 'sink', 'uri'], 'sink-path', message)];
  }
  if (uri.startsWith('/')) return [];
  const message = 'must be a path from /: ref and a relative uri are combined';
  return [fault(source, ['spec', 'sink', 'uri'], 'sink-path', message)];
});

export const sourceRules: readonly Rule[] = [enums, consumerGroup, destinations, sinkPath];

function checkDestination(
  context: LintContext,
  source: ManifestDocument,
  path: readonly string[],
  what: string,
): LintProblem[] {
  if (valueAt(source.body, path) === undefined) return [];
  const name = textAt(source.body, [...path, 'ref', 'name']);
  const kind = textAt(source.body, [...path, 'ref', 'kind']);
  if (name === undefined || kind === undefined) {
    return [fault(source, path, 'destination-ref', `the ${what} has no ref`)];
  }
  const isThere = context.documents.some(
    (document) =>
      document.name === name &&
      (kind === 'KafkaSink' ? isKafkaSink(document) : isKnativeService(document)),
  );
  if (isThere) return [];
  const message = `the ${what} is the ${kind} "${name}", which does not exist`;
  return [fault(source, [...path, 'ref', 'name'], 'destination-missing', message)];
}

function each(check: (source: ManifestDocument) => LintProblem[]): Rule {
  return ({ documents }) => documents.filter(isKafkaSource).flatMap(check);
}
