// Where a destination of a manifest leads: the address of its `ref`, against which a relative `uri`
// is resolved, as the control plane does it.
import { ManifestError, problemAt, type ManifestDocument } from '../../manifests/document.ts';
import type { Destination } from '../../manifests/topology.ts';

export interface ResolvedDestination {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** What an event carries as `knativeerrordest`. */
  readonly address: string;
  /** Path and query of the address. */
  readonly path: string;
}

/** Throws ManifestError for what the control plane refuses, or the emulator does not do. */
export function resolveDestination(
  destination: Destination,
  document: ManifestDocument,
): ResolvedDestination {
  const { ref, uri = '' } = destination;
  const refuse = (message: string): ManifestError =>
    new ManifestError([problemAt(document, ['spec'], 'destination', message)]);
  if (ref === undefined) throw refuse('a destination without ref is not emulated');
  if (/^[a-z][a-z0-9+.-]*:/i.test(uri) || uri.startsWith('//')) {
    throw refuse(`${uri}: an absolute URI is not allowed together with ref`);
  }
  const namespace = ref.namespace ?? document.namespace ?? 'default';
  const base =
    ref.kind === 'KafkaSink'
      ? `http://kafka-sink-ingress.knative-eventing.svc.cluster.local/${namespace}/${ref.name}`
      : `http://${ref.name}.${namespace}.svc.cluster.local`;
  const url = new URL(uri, base);
  // An address without a path has none, not even `/`.
  const address = uri === '' ? base : url.toString();
  return { kind: ref.kind, namespace, name: ref.name, address, path: url.pathname + url.search };
}
