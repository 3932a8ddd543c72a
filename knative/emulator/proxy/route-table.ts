// Which service a request from outside goes to, as the cluster's gateway decides it.
import type { RouteRule, ServiceTopology, Topology } from '../../manifests/topology.ts';

/** Host suffix under which each function can be addressed on a developer's machine. */
export const LOCAL_DOMAIN = 'localhost';

export type RouteTarget = { readonly service: string } | 'denied' | null;

export class RouteTable {
  readonly #rules: readonly RouteRule[];
  readonly #hosts: ReadonlyMap<string, string>;
  readonly #denied: readonly string[];

  constructor(
    rules: readonly RouteRule[],
    services: readonly ServiceTopology[],
    deniedPaths: readonly string[],
  ) {
    // Gateway API precedence: exact before prefix, longer before shorter, then as written.
    this.#rules = [...rules].sort(
      (a, b) =>
        Number(b.match === 'exact') - Number(a.match === 'exact') || b.path.length - a.path.length,
    );
    this.#hosts = new Map(
      services
        .filter((service) => !service.clusterLocal)
        .map((service) => [`${service.name}.${service.namespace}.${LOCAL_DOMAIN}`, service.name]),
    );
    this.#denied = deniedPaths;
  }

  /** Answers a service's name, `denied` for a path that is never public, or null: 404. */
  find(host: string | undefined, path: string): RouteTarget {
    if (this.#denied.some((denied) => matchesPolicyPath(denied, path))) return 'denied';
    const name = (host ?? '').replace(/:[0-9]+$/, '').toLowerCase();
    const direct = this.#hosts.get(name);
    if (direct !== undefined) return { service: direct };
    // A cluster-local service has no public host, and its name must not reach another's routes.
    if (name.endsWith(`.${LOCAL_DOMAIN}`)) return null;
    const rule = this.#rules.find((each) => matchesRule(each, path));
    return rule === undefined ? null : { service: rule.service };
  }
}

/** Name of the gateway of the admin host. */
const ADMIN_GATEWAY = 'admin';

type Routed = Pick<Topology, 'routes' | 'services' | 'deniedPaths'>;

export function publicTable({ routes, services, deniedPaths }: Routed): RouteTable {
  const rules = routes.filter(({ gateway }) => gateway !== ADMIN_GATEWAY);
  return new RouteTable(rules, services, deniedPaths);
}

/** The admin host leads to what its route says, and has no other name. */
export function adminTable({ routes, deniedPaths }: Routed): RouteTable {
  const rules = routes.filter(({ gateway }) => gateway === ADMIN_GATEWAY);
  return new RouteTable(rules, [], deniedPaths);
}

/** Prefixes match whole path elements: /v1/orders matches /v1/orders/1, not /v1/ordersx. */
export function matchesRule(rule: RouteRule, path: string): boolean {
  if (path === rule.path) return true;
  if (rule.match === 'exact') return false;
  const prefix = rule.path.endsWith('/') ? rule.path : `${rule.path}/`;
  return path.startsWith(prefix);
}

/** Istio's spelling: exact, or a `*` at one end. */
function matchesPolicyPath(pattern: string, path: string): boolean {
  if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith('*')) return path.endsWith(pattern.slice(1));
  return path === pattern;
}
