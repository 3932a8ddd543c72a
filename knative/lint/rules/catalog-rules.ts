// Sources and sinks agree with the catalog of events: nothing is declared twice and differently.
import { EVENTS, TOPICS, type EventFacts } from '../../../shared/events/catalog.ts';
import { listAt, textAt, type ManifestDocument } from '../../manifests/document.ts';
import { isKafkaSink, isKafkaSource, isKnativeService } from '../../manifests/kinds.ts';
import { fault, type LintContext, type LintProblem, type Rule } from '../rule.ts';

const events: readonly EventFacts[] = Object.values(EVENTS);

const topicsExist: Rule = ({ documents }) => [
  ...documents
    .filter(isKafkaSource)
    .flatMap((source) =>
      listAt(source.body, ['spec', 'topics']).flatMap((topic, at) =>
        isTopic(topic) ? [] : [unknownTopic(source, ['spec', 'topics', at], topic)],
      ),
    ),
  ...documents.filter(isKafkaSink).flatMap((sink) => {
    const topic = textAt(sink.body, ['spec', 'topic']);
    return isTopic(topic) ? [] : [unknownTopic(sink, ['spec', 'topic'], topic)];
  }),
];

/** A source delivers what its function says it consumes. */
const consumersDeclared: Rule = (context) =>
  context.documents.filter(isKafkaSource).flatMap((source) => {
    const target = targetOf(context, source);
    if (target === undefined) return [];
    return listAt(source.body, ['spec', 'topics']).flatMap((topic, at) => {
      const carried = events.filter((event) => event.topic === topic);
      const unwanted = carried.filter((event) => !event.consumers.includes(target));
      return unwanted.map((event) => {
        const message = `${event.type} reaches ${target}, no consumer of it in the catalog`;
        return fault(source, ['spec', 'topics', at], 'catalog-consumer', message);
      });
    });
  });

/** An event whose consumer is one of our services has a source that brings it there. */
const consumersServed: Rule = (context) => {
  const services = context.documents.filter(isKnativeService);
  const served = new Set(
    context.documents.filter(isKafkaSource).flatMap((source) => {
      const target = targetOf(context, source) ?? '';
      return listAt(source.body, ['spec', 'topics']).map((topic) => `${String(topic)} ${target}`);
    }),
  );
  return services.flatMap((service) => {
    const target = functionTarget(service);
    const missing = events.filter(
      (event) =>
        target !== undefined &&
        event.consumers.includes(target) &&
        !served.has(`${event.topic} ${target}`),
    );
    return missing.map((event) =>
      fault(
        service,
        ['metadata', 'name'],
        'catalog-source-missing',
        `the catalog says it consumes ${event.type}, but no KafkaSource brings ${event.topic}`,
      ),
    );
  });
};

export const catalogRules: readonly Rule[] = [topicsExist, consumersDeclared, consumersServed];

function isTopic(topic: unknown): boolean {
  return typeof topic === 'string' && Object.hasOwn(TOPICS, topic);
}

function unknownTopic(
  document: ManifestDocument,
  path: readonly (string | number)[],
  topic: unknown,
): LintProblem {
  const message = `the catalog has no topic ${JSON.stringify(topic)}`;
  return fault(document, path, 'catalog-topic', message);
}

function targetOf(context: LintContext, source: ManifestDocument): string | undefined {
  const name = textAt(source.body, ['spec', 'sink', 'ref', 'name']);
  const service = context.documents.find(
    (document) => isKnativeService(document) && document.name === name,
  );
  return service === undefined ? undefined : functionTarget(service);
}

function functionTarget(service: ManifestDocument): string | undefined {
  const env = listAt(service.body, ['spec', 'template', 'spec', 'containers', 0, 'env']);
  const found = env.find((variable) => textAt(variable, ['name']) === 'FUNCTION_TARGET');
  return textAt(found, ['value']);
}
