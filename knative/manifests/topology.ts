// What the manifests say, in the terms the emulator works with. Defaults are those of the cluster.
import { z } from 'zod';
import { ManifestError, problemAt, type ManifestDocument } from './document.ts';
import {
  isAuthorizationPolicy,
  isConfigMap,
  isHttpRoute,
  isKafkaSink,
  isKafkaSource,
  isKnativeService,
  isStatefulSet,
} from './kinds.ts';
import {
  authorizationPolicySchema,
  configMapSchema,
  httpRouteSchema,
  kafkaSinkSchema,
  kafkaSourceSchema,
  serviceSchema,
  statefulSetSchema,
  type EnvVar,
} from './shapes.ts';

export const VISIBILITY_LABEL = 'networking.knative.dev/visibility';

const KEY_TYPE_LABEL = 'kafkasources.sources.knative.dev/key-type';

/** Defaults of Knative Serving (config-defaults). */
const TIMEOUT_SECONDS_DEFAULT = 300;

export interface ServiceTopology {
  readonly name: string;
  readonly namespace: string;
  readonly target: string;
  readonly clusterLocal: boolean;
  /** 0 is without limit. */
  readonly containerConcurrency: number;
  readonly timeoutMs: number;
  readonly env: readonly EnvVar[];
  /** Config maps whose every key is a variable; `env` wins over them. */
  readonly envMaps: readonly string[];
  readonly document: ManifestDocument;
}

export type SourceShape = z.infer<typeof kafkaSourceSchema>['spec'];
export type DeliveryShape = NonNullable<SourceShape['delivery']>;
export type Destination = NonNullable<DeliveryShape['deadLetterSink']>;

export interface SourceTopology {
  readonly name: string;
  readonly namespace: string;
  readonly topics: readonly string[];
  readonly consumerGroup: string;
  readonly initialOffset: 'earliest' | 'latest';
  readonly ordering: 'ordered' | 'unordered';
  /** Virtual replicas: members of the group. */
  readonly consumers: number;
  /** As written: absent is not the same as empty. */
  readonly delivery: DeliveryShape | undefined;
  readonly sink: Destination;
  readonly extensions: Readonly<Record<string, string>>;
  readonly document: ManifestDocument;
}

export interface RouteRule {
  /** Name of the gateway that has the rule. */
  readonly gateway: string;
  readonly match: 'prefix' | 'exact';
  readonly path: string;
  readonly service: string;
  readonly namespace: string;
}

export interface EngineTopology {
  readonly name: string;
  readonly replicas: number;
  readonly env: readonly EnvVar[];
  /** Config maps whose every key is a variable; `env` wins over them. */
  readonly envMaps: readonly string[];
  readonly document: ManifestDocument;
}

export interface Topology {
  readonly services: readonly ServiceTopology[];
  readonly sources: readonly SourceTopology[];
  readonly sinks: ReadonlyMap<string, { readonly topic: string }>;
  readonly routes: readonly RouteRule[];
  readonly engine: EngineTopology | null;
  /** Paths that the gateways refuse on every host. */
  readonly deniedPaths: readonly string[];
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** Reads the topology. Throws ManifestError, naming file, line and field, when one does not fit. */
export function readTopology(documents: readonly ManifestDocument[]): Topology {
  const of = (isKind: (document: ManifestDocument) => boolean): readonly ManifestDocument[] =>
    documents.filter(isKind);
  return {
    services: of(isKnativeService).map(readService),
    sources: of(isKafkaSource).map(readSource),
    sinks: new Map(
      of(isKafkaSink).map((document) => {
        const { spec } = read(document, kafkaSinkSchema);
        return [`${namespaceOf(document)}/${document.name}`, { topic: spec.topic }];
      }),
    ),
    routes: of(isHttpRoute).flatMap(readRoutes),
    engine: of(isStatefulSet).map(readEngine)[0] ?? null,
    deniedPaths: of(isAuthorizationPolicy).flatMap((document) => {
      const { spec } = read(document, authorizationPolicySchema);
      if (spec.action !== 'DENY') return [];
      return spec.rules.flatMap((rule) => rule.to.flatMap((to) => to.operation.paths));
    }),
    configMaps: new Map(
      of(isConfigMap).map((document) => [document.name, read(document, configMapSchema).data]),
    ),
  };
}

function readService(document: ManifestDocument): ServiceTopology {
  const { metadata, spec } = read(document, serviceSchema);
  const container = spec.template.spec.containers[0];
  const target = container?.env.find((each) => each.name === 'FUNCTION_TARGET')?.value;
  return {
    name: document.name,
    namespace: namespaceOf(document),
    target: target ?? document.name,
    clusterLocal: metadata.labels[VISIBILITY_LABEL] === 'cluster-local',
    containerConcurrency: spec.template.spec.containerConcurrency ?? 0,
    timeoutMs: (spec.template.spec.timeoutSeconds ?? TIMEOUT_SECONDS_DEFAULT) * 1000,
    env: container?.env ?? [],
    envMaps: mapNames(container),
    document,
  };
}

function readSource(document: ManifestDocument): SourceTopology {
  const { metadata, spec } = read(document, kafkaSourceSchema);
  const keyType = metadata.labels[KEY_TYPE_LABEL] ?? 'string';
  if (keyType !== 'string') {
    const message = `keys of type ${keyType} are not emulated: only string`;
    throw new ManifestError([
      problemAt(document, ['metadata', 'labels', KEY_TYPE_LABEL], 'key-type', message),
    ]);
  }
  return {
    name: document.name,
    namespace: namespaceOf(document),
    topics: spec.topics,
    consumerGroup: spec.consumerGroup ?? `knative-kafka-source-${document.name}`,
    initialOffset: spec.initialOffset ?? 'latest',
    ordering: spec.ordering ?? 'ordered',
    consumers: spec.consumers ?? 1,
    delivery: spec.delivery,
    sink: spec.sink,
    extensions: spec.ceOverrides?.extensions ?? {},
    document,
  };
}

function readRoutes(document: ManifestDocument): RouteRule[] {
  const { spec } = read(document, httpRouteSchema);
  return spec.rules.flatMap((rule) => {
    const host = rule.filters.find((filter) => filter.type === 'URLRewrite')?.urlRewrite?.hostname;
    const [service, namespace] = (host ?? rule.backendRefs[0]?.name ?? '').split('.');
    return spec.parentRefs.flatMap(({ name: gateway }) =>
      rule.matches.map((match) => ({
        gateway,
        match: match.path.type === 'Exact' ? ('exact' as const) : ('prefix' as const),
        path: match.path.value,
        service: service ?? '',
        namespace: namespace ?? namespaceOf(document),
      })),
    );
  });
}

function readEngine(document: ManifestDocument): EngineTopology {
  const { spec } = read(document, statefulSetSchema);
  const container = spec.template.spec.containers[0];
  return {
    name: document.name,
    replicas: spec.replicas ?? 1,
    env: container?.env ?? [],
    envMaps: mapNames(container),
    document,
  };
}

type Container = z.infer<typeof serviceSchema>['spec']['template']['spec']['containers'][number];

function mapNames(container: Container | undefined): string[] {
  return (container?.envFrom ?? []).map(({ configMapRef }) => configMapRef.name);
}

function namespaceOf(document: ManifestDocument): string {
  return document.namespace ?? 'default';
}

function read<Shape extends z.ZodType>(document: ManifestDocument, shape: Shape): z.output<Shape> {
  const parsed = shape.safeParse(document.body);
  if (parsed.success) return parsed.data;
  throw new ManifestError(
    parsed.error.issues.map((issue) => {
      const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
      return problemAt(document, path, 'shape', issue.message);
    }),
  );
}
