// The routes of the gateways: every rule leads to one existing service, no two rules of a gateway
// claim one path, and what is for staff is reached by the admin gateway alone.
import { listAt, textAt, type FieldPath, type ManifestDocument } from '../../manifests/document.ts';
import { isHttpRoute, isKnativeService } from '../../manifests/kinds.ts';
import { fault, type LintProblem, type Rule } from '../rule.ts';

/** The gateway of the admin host, and the one service that it leads to. */
const ADMIN = 'admin';
const LOCAL_GATEWAY = 'knative-local-gateway';
const LOCAL_HOST = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/;

const conflicts: Rule = ({ documents }) => {
  const seen = new Map<string, string>();
  return documents.filter(isHttpRoute).flatMap((route) =>
    rulesOf(route).flatMap(({ rule, path }) =>
      listAt(rule, ['matches']).flatMap((match, at) => {
        const value = (textAt(match, ['path', 'value']) ?? '').replace(/(.)\/$/, '$1');
        const type = textAt(match, ['path', 'type']) ?? 'PathPrefix';
        const key = `${gatewaysOf(route).join(',')} ${type} ${value}`;
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
  const local = clusterLocalServices(documents);
  return documents
    .filter((document) => isHttpRoute(document) && !isOfAdmin(document))
    .flatMap((route) =>
      rulesOf(route).flatMap(({ rule, path }) => {
        const name = rewrittenService(rule);
        if (!local.has(name)) return [];
        const message = `exposes ${name}, which is cluster-local`;
        return [fault(route, [...path, 'filters'], 'route-cluster-local', message)];
      }),
    );
};

/** Whoever is on the admin host has come for the one function that asks for staff. */
const adminAlone: Rule = ({ documents }) => {
  const local = clusterLocalServices(documents);
  return documents.filter(isOfAdmin).flatMap((route) =>
    rulesOf(route).flatMap(({ rule, path }) => {
      const name = rewrittenService(rule);
      if (name === ADMIN && local.has(name)) return [];
      const message =
        name === ADMIN
          ? `${ADMIN} is not cluster-local: it has a public host of its own`
          : `the gateway ${ADMIN} leads to ${name}: to the service ${ADMIN} alone`;
      return [fault(route, [...path, 'filters'], 'route-admin', message)];
    }),
  );
};

export const routeRules: readonly Rule[] = [conflicts, backends, clusterLocal, adminAlone];

function gatewaysOf(route: ManifestDocument): (string | undefined)[] {
  return listAt(route.body, ['spec', 'parentRefs']).map((parent) => textAt(parent, ['name']));
}

/** A route that is on another gateway besides is no route of staff. */
function isOfAdmin(document: ManifestDocument): boolean {
  const gateways = isHttpRoute(document) ? gatewaysOf(document) : [];
  return gateways.length > 0 && gateways.every((name) => name === ADMIN);
}

function clusterLocalServices(documents: readonly ManifestDocument[]): ReadonlySet<string> {
  const visibility = ['metadata', 'labels', 'networking.knative.dev/visibility'];
  const local = documents.filter(
    (document) =>
      isKnativeService(document) && textAt(document.body, visibility) === 'cluster-local',
  );
  return new Set(local.map(({ name }) => name));
}

function rewrittenService(rule: unknown): string {
  return (rewrittenHost(rule) ?? '').split('.')[0] ?? '';
}

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
