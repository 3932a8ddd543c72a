// The containers of a Knative Service: names, ports and variables that Knative keeps for itself.
import {
  listAt,
  textAt,
  valueAt,
  type FieldPath,
  type ManifestDocument,
} from '../../manifests/document.ts';
import { isKnativeService } from '../../manifests/kinds.ts';
import { fault, type LintProblem, type Rule } from '../rule.ts';

const CONTAINERS: FieldPath = ['spec', 'template', 'spec', 'containers'];
const RESERVED_ENV = new Set(['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION']);
const RESERVED_NAMES = new Set(['queue-proxy']);
/** queue-proxy, its admin, metrics and autoscaling ports, and the profiler. */
const RESERVED_PORTS = new Set([8008, 8012, 8013, 8022, 9090, 9091]);
const PORT_NAMES = new Set(['', 'http1', 'h2c']);
const PROBES = ['readinessProbe', 'livenessProbe', 'startupProbe'] as const;

type ContainerCheck = (
  service: ManifestDocument,
  container: unknown,
  path: FieldPath,
) => LintProblem[];

const names: ContainerCheck = (service, container, path) =>
  RESERVED_NAMES.has(textAt(container, ['name']) ?? '')
    ? [fault(service, [...path, 'name'], 'reserved-name', 'the name is kept for Knative')]
    : [];

const ports: ContainerCheck = (service, container, path) => {
  const list = listAt(container, ['ports']);
  const found: LintProblem[] = [];
  if (list.length > 1) {
    found.push(fault(service, [...path, 'ports'], 'one-port', 'Knative allows one port'));
  }
  for (const [at, port] of list.entries()) {
    const place = [...path, 'ports', at];
    const name = textAt(port, ['name']) ?? '';
    if (!PORT_NAMES.has(name)) {
      const message = `"${name}" is refused: http1, h2c or no name`;
      found.push(fault(service, [...place, 'name'], 'port-name', message));
    }
    const number = valueAt(port, ['containerPort']);
    if (typeof number === 'number' && RESERVED_PORTS.has(number)) {
      const message = `${number} is kept for Knative`;
      found.push(fault(service, [...place, 'containerPort'], 'reserved-port', message));
    }
    if (valueAt(port, ['hostPort']) !== undefined) {
      found.push(fault(service, [...place, 'hostPort'], 'host-port', 'Knative refuses hostPort'));
    }
  }
  return found;
};

const environment: ContainerCheck = (service, container, path) =>
  listAt(container, ['env']).flatMap((variable, at) => {
    const name = textAt(variable, ['name']) ?? '';
    const place = [...path, 'env', at];
    const found: LintProblem[] = [];
    if (RESERVED_ENV.has(name)) {
      found.push(fault(service, place, 'reserved-env', `${name} is set by Knative`));
    }
    for (const kind of ['fieldRef', 'resourceFieldRef']) {
      if (valueAt(variable, ['valueFrom', kind]) === undefined) continue;
      const message = `${kind} needs a feature flag of Knative`;
      found.push(fault(service, [...place, 'valueFrom'], 'feature-flag', message));
    }
    return found;
  });

/** queue-proxy runs the readiness probe itself, and knows one port. */
const probes: ContainerCheck = (service, container, path) => {
  const own = valueAt(container, ['ports', 0, 'containerPort']);
  return PROBES.flatMap((probe) =>
    ['httpGet', 'tcpSocket', 'grpc'].flatMap((kind) => {
      const port = valueAt(container, [probe, kind, 'port']);
      if (port === undefined || port === 0 || port === own) return [];
      const place = [...path, probe, kind, 'port'];
      return [fault(service, place, 'probe-port', 'must be the container port, or left out')];
    }),
  );
};

const resources: ContainerCheck = (service, container, path) => {
  if (valueAt(container, ['resources', 'requests', 'memory']) !== undefined) return [];
  const message = 'no memory request: the scheduler cannot place it well';
  return [fault(service, [...path, 'resources'], 'resources-missing', message)];
};

const privileges: ContainerCheck = (service, container, path) => {
  const place = [...path, 'securityContext'];
  const wanted: readonly [string, boolean][] = [
    ['runAsNonRoot', true],
    ['allowPrivilegeEscalation', false],
    ['readOnlyRootFilesystem', true],
  ];
  return wanted
    .filter(([field, value]) => valueAt(container, ['securityContext', field]) !== value)
    .map(([field, value]) =>
      fault(service, [...place, field], 'privileges', `${field} must be ${value}`),
    );
};

const CHECKS: readonly ContainerCheck[] = [
  names,
  ports,
  environment,
  probes,
  resources,
  privileges,
];

export const containerRules: readonly Rule[] = CHECKS.map(
  (check): Rule =>
    ({ documents }) =>
      documents
        .filter(isKnativeService)
        .flatMap((service) =>
          listAt(service.body, CONTAINERS).flatMap((container, at) =>
            check(service, container, [...CONTAINERS, at]),
          ),
        ),
);
