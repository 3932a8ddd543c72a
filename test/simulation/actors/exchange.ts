// The processes of the exchange, as production has them: two instances of each function, a
// dispatcher or two for each source, one engine, an operator.
import { fileURLToPath } from 'node:url';
import { loadManifests } from '../../../knative/manifests/load.ts';
import { readTopology, type SourceTopology } from '../../../knative/manifests/topology.ts';
import { engineRole, type SimulatedEngine } from './engine-role.ts';
import { operatorRole, type Operator } from './operator-role.ts';
import { ordersRole } from './orders-role.ts';
import type { Parts } from './parts.ts';
import type { Role } from './role.ts';
import { settlementRole } from './settlement-role.ts';
import { sourceRole } from './source-role.ts';

const MANIFESTS_DIR = fileURLToPath(new URL('../../../knative/base/', import.meta.url));

/** Functions whose consumption of the executions is simulated. */
const CONSUMERS = ['settlement', 'orders'] as const;

let sources: readonly SourceTopology[] | null = null;

/** The sources as the manifests declare them; read once, before any world exists. */
export function readSources(): readonly SourceTopology[] {
  sources ??= readTopology(loadManifests(MANIFESTS_DIR)).sources;
  return sources;
}

export interface Exchange {
  readonly operator: Operator;
  readonly engine: SimulatedEngine;
  readonly orders: readonly Role[];
  readonly settlement: readonly Role[];
  readonly sources: readonly Role[];
  readonly all: readonly Role[];
  /** The consumer groups, by which lag is measured. */
  readonly groups: readonly string[];
}

export function openExchange(parts: Parts): Exchange {
  const operator = operatorRole(parts);
  const engine = engineRole(parts);
  const orders = ['orders-1', 'orders-2'].map((name) => ordersRole(parts, name));
  const settlement = ['settlement-1', 'settlement-2'].map((name) => settlementRole(parts, name));
  const topologies = CONSUMERS.map((name) => {
    const found = readSources().find(({ sink }) => sink.ref?.name === name);
    if (found === undefined) throw new Error(`no source of ${name} in the manifests`);
    return { service: name, source: found };
  });
  const dispatchers = parts.world.random.chance(0.3) ? [1, 2] : [1];
  const sourceRoles = topologies.flatMap(({ service, source }) =>
    dispatchers.map((at) => sourceRole(parts, `source-${service}-${at}`, service, source)),
  );
  return {
    operator,
    engine,
    orders,
    settlement,
    sources: sourceRoles,
    all: [operator.role, engine.role, ...orders, ...settlement, ...sourceRoles],
    groups: topologies.map(({ source }) => source.consumerGroup),
  };
}
