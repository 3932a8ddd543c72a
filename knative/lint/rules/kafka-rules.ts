// Whoever reaches Kafka is encrypted and has a name. The defaults of the code are those of a laptop
// (one copy of each record, no TLS): a manifest that forgets the settings would run on them.
import {
  listAt,
  textAt,
  valueAt,
  type FieldPath,
  type ManifestDocument,
} from '../../manifests/document.ts';
import { isConfigMap, isKafkaSink, isKafkaSource, isProcess } from '../../manifests/kinds.ts';
import { fault, type LintProblem, type Rule } from '../rule.ts';

const CONTAINER: FieldPath = ['spec', 'template', 'spec', 'containers', 0];
const SETTINGS_MAP = 'kafka';
const USERNAME = 'KAFKA_SASL_USERNAME';
/** The code's default is for a laptop: an environment says what it means. */
const SETTINGS = ['KAFKA_TLS', 'KAFKA_SASL_MECHANISM', 'KAFKA_REPLICATION_MIN'];

/** A process with BUS_URL has the settings, an identity, and the files that the settings name. */
const processes: Rule = ({ documents }) =>
  documents.filter(isProcess).flatMap((process): LintProblem[] => {
    const env = listAt(process.body, [...CONTAINER, 'env']);
    const names = new Set(env.map((variable) => textAt(variable, ['name'])));
    if (!names.has('BUS_URL')) return [];
    const found: LintProblem[] = [];
    const maps = listAt(process.body, [...CONTAINER, 'envFrom']);
    if (!maps.some((map) => textAt(map, ['configMapRef', 'name']) === SETTINGS_MAP)) {
      const message = `speaks to Kafka without the config map "${SETTINGS_MAP}"`;
      found.push(fault(process, [...CONTAINER, 'envFrom'], 'kafka-settings', message));
    }
    if (!names.has(USERNAME)) {
      const message = `speaks to Kafka without ${USERNAME}`;
      found.push(fault(process, [...CONTAINER, 'env'], 'kafka-settings', message));
    }
    return [...found, ...missingFiles(process, documents)];
  });

function missingFiles(
  process: ManifestDocument,
  documents: readonly ManifestDocument[],
): LintProblem[] {
  const there = new Set(mountedFiles(process));
  const map = documents.find((each) => isConfigMap(each) && each.name === SETTINGS_MAP);
  return Object.entries(valueAt(map?.body, ['data']) ?? {})
    .filter(([name, path]) => name.endsWith('_FILE') && !there.has(String(path)))
    .map(([name, path]) => {
      const message = `${name} is ${String(path)}, which no volume brings`;
      return fault(process, [...CONTAINER, 'volumeMounts'], 'kafka-files', message);
    });
}

/** Files of projected secrets. */
function mountedFiles(process: ManifestDocument): string[] {
  const volumes = listAt(process.body, ['spec', 'template', 'spec', 'volumes']);
  return listAt(process.body, [...CONTAINER, 'volumeMounts']).flatMap((mount) => {
    const name = textAt(mount, ['name']);
    const volume = volumes.find((each) => textAt(each, ['name']) === name);
    return listAt(volume, ['projected', 'sources'])
      .flatMap((source) => listAt(source, ['secret', 'items']))
      .map((item) => `${textAt(mount, ['mountPath']) ?? ''}/${textAt(item, ['path']) ?? ''}`);
  });
}

const settings: Rule = ({ documents }) =>
  documents
    .filter((document) => isConfigMap(document) && document.name === SETTINGS_MAP)
    .flatMap((map) =>
      SETTINGS.filter((name) => valueAt(map.body, ['data', name]) === undefined).map((name) =>
        fault(map, ['data', name], 'kafka-settings', `${name} is not set`),
      ),
    );

/** What Knative itself sends and receives. */
const dispatchers: Rule = ({ documents }) => [
  ...documents.filter(isKafkaSource).flatMap((source) =>
    ['tls', 'sasl'].flatMap((part) => {
      const path = ['spec', 'net', part, 'enable'];
      if (valueAt(source.body, path) === true) return [];
      return [fault(source, path, 'kafka-clear', `reads from Kafka without ${part}`)];
    }),
  ),
  ...documents.filter(isKafkaSink).flatMap((sink) => {
    const path = ['spec', 'auth', 'secret', 'ref', 'name'];
    if (valueAt(sink.body, path) !== undefined) return [];
    return [fault(sink, path, 'kafka-clear', 'writes to Kafka without TLS and a login')];
  }),
];

export const kafkaRules: readonly Rule[] = [processes, settings, dispatchers];
