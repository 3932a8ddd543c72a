// The public route: every rule leads to one existing service, and no two rules claim one path.
import { listAt, textAt, type FieldPath, type ManifestDocument } from '../../manifests/document.ts';
import { isHttpRoute, isKnativeService } from '../../manifests/kinds.ts';
import { fault, type LintProblem, type Rule } from '../rule.ts';

const LOCAL_GATEWAY = 'knative-local-gateway';
const LOCAL_HOST = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/;

const conflicts: Rule = ({ documents }) => {
  const seen = new Map<string, string>();
  return documents.filter(isHttpRoute).flatMap((route) =>
    rulesOf(route).flatMap(({ rule, path }) =>
      listAt(rule, ['matches']).flatMap((match, at) => {
        const value = (textAt(match, ['path', 'value']) ?? '').replace(/(.)\/$/, '$1');
        const type = textAt(match, ['path', 'type']) ?? 'PathPrefix';
        const key = `${type} ${value}`;
        const other = seen.get(key);
        const service = rewrittenHost(rule) ?? '';
        seen.set(key, other ?? service);
        if (other === undefined) return [];
        const message = `${value} is routed twice: to ${other} and to ${service}`;
        return [fault(route, [...path, 'matches', at, 'path', 'value'], 'route-conflict', message)];
      }),
    ),
  );
};

/** Knative's gateway picks the service by host: without the rewrite every request is a 404. */
const backends: Rule = ({ documents }) =>
  documents.filter(isHttpRoute).flatMap((route) =>
    rulesOf(route).flatMap(({ rule, path }) => {
      const found: LintProblem[] = [];
      const refs = listAt(rule, ['backendRefs']);
      if (refs.length !== 1 || textAt(refs[0], ['name']) !== LOCAL_GATEWAY) {
        const message = `the one backend must be ${LOCAL_GATEWAY}`;
        found.push(fault(route, [...path, 'backendRefs'], 'route-backend', message));
      }
      const host = rewrittenHost(rule);
      const [, name, namespace] = LOCAL_HOST.exec(host ?? '') ?? [];
      if (name === undefined) {
        const message = 'needs a URLRewrite of the host to <service>.<namespace>.svc.cluster.local';
        return [...found, fault(route, [...path, 'filters'], 'route-rewrite', message)];
      }
      const isThere = documents.some(
        (document) =>
          isKnativeService(document) && document.name === name && document.namespace === namespace,
      );
      if (isThere) return found;
      const message = `leads to ${host ?? ''}, and there is no such service`;
      return [...found, fault(route, [...path, 'filters'], 'route-service-missing', message)];
    }),
  );

const clusterLocal: Rule = ({ documents }) => {
  const local = new Set(
    documents
      .filter(
        (document) =>
          isKnativeService(document) &&
          textAt(document.body, ['metadata', 'labels', 'networking.knative.dev/visibility']) ===
            'cluster-local',
      )
      .map((document) => document.name),
  );
  return documents.filter(isHttpRoute).flatMap((route) =>
    rulesOf(route).flatMap(({ rule, path }) => {
      const name = (rewrittenHost(rule) ?? '').split('.')[0] ?? '';
      if (!local.has(name)) return [];
      const message = `exposes ${name}, which is cluster-local`;
      return [fault(route, [...path, 'filters'], 'route-cluster-local', message)];
    }),
  );
};

export const routeRules: readonly Rule[] = [conflicts, backends, clusterLocal];

function rulesOf(route: ManifestDocument): { rule: unknown; path: FieldPath }[] {
  return listAt(route.body, ['spec', 'rules']).map((rule, at) => ({
    rule,
    path: ['spec', 'rules', at],
  }));
}

function rewrittenHost(rule: unknown): string | undefined {
  const filter = listAt(rule, ['filters']).find((each) => textAt(each, ['type']) === 'URLRewrite');
  return textAt(filter, ['urlRewrite', 'hostname']);
}
