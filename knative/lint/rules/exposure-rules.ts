// Events must not be accepted from outside: whoever can post an execution can make money.
import { listAt, textAt, type FieldPath } from '../../manifests/document.ts';
import {
  isAuthorizationPolicy,
  isHttpRoute,
  isKafkaSource,
  isKnativeService,
} from '../../manifests/kinds.ts';
import { fault, type LintProblem, type Rule } from '../rule.ts';

/** A service that is not cluster-local has a public host of its own, with every path of its own. */
const sinkPathsDenied: Rule = ({ documents }) => {
  const denied = new Set(
    documents
      .filter(
        (policy) =>
          isAuthorizationPolicy(policy) && textAt(policy.body, ['spec', 'action']) === 'DENY',
      )
      .flatMap((policy) => listAt(policy.body, ['spec', 'rules']))
      .flatMap((rule) => listAt(rule, ['to']))
      .flatMap((to) => listAt(to, ['operation', 'paths'])),
  );
  return documents.filter(isKafkaSource).flatMap((source) => {
    const name = textAt(source.body, ['spec', 'sink', 'ref', 'name']);
    const uri = textAt(source.body, ['spec', 'sink', 'uri']) ?? '/';
    const service = documents.find(
      (document) => isKnativeService(document) && document.name === name,
    );
    const visibility = textAt(service?.body, [
      ...['metadata', 'labels'],
      'networking.knative.dev/visibility',
    ]);
    if (visibility === 'cluster-local' || denied.has(uri)) return [];
    const message =
      `${name ?? ''} is public and ${uri} is not denied at the gateway: ` +
      'anybody could post events';
    return [fault(source, ['spec', 'sink', 'uri'], 'events-exposed', message)];
  });
};

const LOCAL_HOST = /^([a-z0-9-]+)\./;
const EDGE_MAP = 'edge';
const TEMPLATE: FieldPath = ['spec', 'template'];
const ANNOTATIONS: FieldPath = [...TEMPLATE, 'metadata', 'annotations'];
const CONTAINER: FieldPath = [...TEMPLATE, 'spec', 'containers', 0];
const BURST = 'autoscaling.knative.dev/target-burst-capacity';
const MIN_SCALE = 'autoscaling.knative.dev/min-scale';

/** Who is public must know how many proxies stand before it, and that number must not change. */
const clientsKnown: Rule = ({ documents }) => {
  const routed = new Set(
    documents
      .filter(isHttpRoute)
      .flatMap((route) => listAt(route.body, ['spec', 'rules']))
      .flatMap((rule) => listAt(rule, ['filters']))
      .map((filter) => LOCAL_HOST.exec(textAt(filter, ['urlRewrite', 'hostname']) ?? '')?.[1]),
  );
  const services = documents.filter((each) => isKnativeService(each) && routed.has(each.name));
  return services.flatMap((service) => {
    const found: LintProblem[] = [];
    const maps = listAt(service.body, [...CONTAINER, 'envFrom']);
    if (!maps.some((map) => textAt(map, ['configMapRef', 'name']) === EDGE_MAP)) {
      const message = `is public and does not take the config map ${EDGE_MAP} (envFrom)`;
      found.push(fault(service, CONTAINER, 'edge-unknown', message));
    }
    const burst = textAt(service.body, [...ANNOTATIONS, BURST]);
    const minScale = textAt(service.body, [...ANNOTATIONS, MIN_SCALE]) ?? '0';
    if (burst === '0' && minScale !== '0') return found;
    const message = `${BURST} must be '0' and min-scale above it: the activator is a proxy more`;
    return [...found, fault(service, ANNOTATIONS, 'edge-hops', message)];
  });
};

export const exposureRules: readonly Rule[] = [sinkPathsDenied, clientsKnown];
