// Events must not be accepted from outside: whoever can post an execution can make money.
import { listAt, textAt } from '../../manifests/document.ts';
import { isAuthorizationPolicy, isKafkaSource, isKnativeService } from '../../manifests/kinds.ts';
import { fault, type Rule } from '../rule.ts';

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

export const exposureRules: readonly Rule[] = [sinkPathsDenied];
