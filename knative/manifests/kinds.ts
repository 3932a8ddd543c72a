// Which manifest is which: API group and kind together, since there are two kinds named Service.
import type { ManifestDocument } from './document.ts';

function isKind(document: ManifestDocument, group: string, kind: string): boolean {
  const at = document.apiVersion.lastIndexOf('/');
  return document.kind === kind && document.apiVersion.slice(0, Math.max(at, 0)) === group;
}

export const isKnativeService = (document: ManifestDocument): boolean =>
  isKind(document, 'serving.knative.dev', 'Service');
export const isKafkaSource = (document: ManifestDocument): boolean =>
  isKind(document, 'sources.knative.dev', 'KafkaSource');
export const isKafkaSink = (document: ManifestDocument): boolean =>
  isKind(document, 'eventing.knative.dev', 'KafkaSink');
export const isHttpRoute = (document: ManifestDocument): boolean =>
  isKind(document, 'gateway.networking.k8s.io', 'HTTPRoute');
export const isConfigMap = (document: ManifestDocument): boolean =>
  isKind(document, '', 'ConfigMap');
export const isStatefulSet = (document: ManifestDocument): boolean =>
  isKind(document, 'apps', 'StatefulSet');
export const isJob = (document: ManifestDocument): boolean => isKind(document, 'batch', 'Job');
export const isCronJob = (document: ManifestDocument): boolean =>
  isKind(document, 'batch', 'CronJob');
/** One of ours, whatever runs it. */
export const isProcess = (document: ManifestDocument): boolean =>
  isKnativeService(document) || isStatefulSet(document) || isJob(document);
export const isAuthorizationPolicy = (document: ManifestDocument): boolean =>
  isKind(document, 'security.istio.io', 'AuthorizationPolicy');
export const isEnvoyFilter = (document: ManifestDocument): boolean =>
  isKind(document, 'networking.istio.io', 'EnvoyFilter');
