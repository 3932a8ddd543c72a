// Finds the route of a method and path. Literal paths come first; `{name}` takes one segment.
import { decodeEscapes } from '../../http/query.ts';
import type { Route } from '../definition.ts';

export interface CompiledRoute<Deps> {
  readonly route: Route<Deps>;
  readonly segments: readonly string[];
}

export type RouteMatch<Deps> =
  | {
      readonly kind: 'found';
      readonly route: Route<Deps>;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'method_not_allowed'; readonly allow: string }
  | { readonly kind: 'not_found' };

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});
const PATH = /^(\/([A-Za-z0-9._-]+|\{[a-zA-Z]+\}))+$/;

export class Router<Deps> {
  readonly #literal = new Map<string, Route<Deps>[]>();
  readonly #patterns: CompiledRoute<Deps>[] = [];

  /** Throws on a malformed path and on two routes that no request could tell apart. */
  constructor(routes: readonly Route<Deps>[]) {
    const seen = new Set<string>();
    for (const route of routes) {
      if (!PATH.test(route.path)) throw new Error(`route path "${route.path}" is malformed`);
      const shape = `${route.method} ${route.path.replaceAll(/\{[a-zA-Z]+\}/g, '{}')}`;
      if (seen.has(shape)) throw new Error(`two routes answer ${shape}`);
      seen.add(shape);
      this.#add(route);
    }
  }

  /** `path` as on the request line, without its query. HEAD finds what GET finds. */
  find(method: string, path: string): RouteMatch<Deps> {
    const wanted = method === 'HEAD' ? 'GET' : method;
    const literal = this.#literal.get(path);
    if (literal !== undefined) return findLiteral(literal, wanted);
    const segments = path.split('/');
    const fitting = this.#patterns.filter((pattern) => fits(pattern.segments, segments));
    const pattern = fitting.find((candidate) => candidate.route.method === wanted);
    if (pattern !== undefined) return bind(pattern, segments);
    if (fitting.length === 0) return { kind: 'not_found' };
    return { kind: 'method_not_allowed', allow: allowHeader(fitting.map(({ route }) => route)) };
  }

  #add(route: Route<Deps>): void {
    if (route.path.includes('{')) {
      this.#patterns.push({ route, segments: route.path.split('/') });
      return;
    }
    const routes = this.#literal.get(route.path) ?? [];
    this.#literal.set(route.path, [...routes, route]);
  }
}

/** `/v1/orders/batch` is no order, whatever the method (OpenAPI: concrete paths come first). */
function findLiteral<Deps>(literal: readonly Route<Deps>[], method: string): RouteMatch<Deps> {
  const route = literal.find((each) => each.method === method);
  if (route !== undefined) return { kind: 'found', route, params: NO_PARAMS };
  return { kind: 'method_not_allowed', allow: allowHeader(literal) };
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((part, at) =>
    part.startsWith('{') ? segments[at] !== '' : part === segments[at],
  );
}

function bind<Deps>(pattern: CompiledRoute<Deps>, segments: readonly string[]): RouteMatch<Deps> {
  const params: Record<string, string> = {};
  for (const [at, part] of pattern.segments.entries()) {
    if (!part.startsWith('{')) continue;
    const value = decodeEscapes(segments[at] ?? '');
    if (value === null) return { kind: 'malformed' };
    params[part.slice(1, -1)] = value;
  }
  return { kind: 'found', route: pattern.route, params };
}

function allowHeader<Deps>(routes: readonly Route<Deps>[]): string {
  const methods = new Set<string>(routes.map((route) => route.method));
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort().join(', ');
}
