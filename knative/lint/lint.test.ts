// Every rule of the linter with a manifest that breaks it; the real manifests break none.
import { describe, expect, it } from 'vitest';
import { editedBase, type Edit } from '../testing/base-manifests.ts';
import { lintManifests } from './lint.ts';

const TARGETS = new Set([
  ...['admin', 'api', 'auth', 'fees', 'ledger', 'market-data', 'notifications', 'orders', 'risk'],
  ...['settlement', 'users'],
]);

function lint(...edits: Edit[]): ReturnType<typeof lintManifests> {
  return lintManifests(editedBase(edits), TARGETS);
}

function inOrders(from: string | RegExp, to: string): Edit {
  return { file: 'orders.yaml', from, to };
}
function inSettlement(from: string | RegExp, to: string): Edit {
  return { file: 'settlement.yaml', from, to };
}
function inAdminRoute(from: string | RegExp, to: string): Edit {
  return { file: 'admin-route.yaml', from, to };
}
function inRoute(from: string | RegExp, to: string): Edit {
  return { file: 'route.yaml', from, to };
}

function inGateway(from: string | RegExp, to: string): Edit {
  return { file: 'gateway-limits.yaml', from, to };
}

const CASES: readonly (readonly [rule: string, what: string, edit: Edit])[] = [
  [
    'timeout-too-long',
    'a timeout above ten minutes',
    inOrders('timeoutSeconds: 30', 'timeoutSeconds: 601'),
  ],
  ['timeout-missing', 'no timeout', inOrders('      timeoutSeconds: 30\n', '')],
  [
    'concurrency-range',
    'a concurrency above 1000',
    inOrders('containerConcurrency: 0', 'containerConcurrency: 1001'),
  ],
  [
    'feature-flag',
    'a node selector',
    inOrders('      timeoutSeconds', '      nodeSelector: {a: b}\n      timeoutSeconds'),
  ],
  [
    'feature-flag',
    'a persistent volume',
    inOrders(
      '      volumes:\n',
      '      volumes:\n        - {name: a, persistentVolumeClaim: {claimName: b}}\n',
    ),
  ],
  [
    'feature-flag',
    'a variable from the downward API',
    inOrders(
      '            - name: DATABASE_URL',
      '            - name: NODE\n' +
        '              valueFrom: {fieldRef: {fieldPath: spec.nodeName}}\n' +
        '            - name: DATABASE_URL',
    ),
  ],
  ['annotation-unknown', 'a misspelt annotation', inOrders('/min-scale', '/minscale')],
  ['annotation-text', 'a number as annotation', inOrders(/max-scale: .10./, 'max-scale: 10')],
  [
    'annotation-place',
    'an annotation on the service itself',
    inOrders('  labels:', '  annotations:\n    autoscaling.knative.dev/min-scale: "1"\n  labels:'),
  ],
  [
    'sink-min-scale',
    'a sink that may scale to zero',
    inSettlement(/min-scale: .2./, 'min-scale: "0"'),
  ],
  ['target-missing', 'no FUNCTION_TARGET', inOrders('FUNCTION_TARGET', 'TARGET')],
  ['target-unknown', 'an unknown FUNCTION_TARGET', inOrders('value: orders', 'value: order')],
  [
    'reserved-name',
    'a container named queue-proxy',
    inOrders('name: function', 'name: queue-proxy'),
  ],
  [
    'one-port',
    'two ports',
    inOrders('containerPort: 8080', 'containerPort: 8080\n            - containerPort: 8081'),
  ],
  ['port-name', 'a port named http', inOrders('name: http1', 'name: http')],
  [
    'reserved-port',
    'the port of queue-proxy',
    inOrders('containerPort: 8080', 'containerPort: 8012'),
  ],
  [
    'host-port',
    'a host port',
    inOrders('containerPort: 8080', 'containerPort: 8080\n              hostPort: 80'),
  ],
  [
    'reserved-env',
    'PORT as a variable',
    inOrders(
      '- name: DATABASE_URL',
      '- name: PORT\n              value: "1"\n            - name: DATABASE_URL',
    ),
  ],
  [
    'probe-port',
    'a probe of another port',
    inOrders('path: /readyz', 'path: /readyz\n              port: 9999'),
  ],
  ['resources-missing', 'no memory request', inOrders(/ {12}requests:\n.*\n.*\n/, '')],
  [
    'privileges',
    'a container that may be root',
    inOrders('runAsNonRoot: true', 'runAsNonRoot: false'),
  ],
  ['source-enum', 'an unknown ordering', inSettlement('ordering: unordered', 'ordering: random')],
  [
    'source-enum',
    'no ordering: the default is ordered',
    inSettlement('  ordering: unordered\n', ''),
  ],
  [
    'source-enum',
    'an unknown initial offset',
    inSettlement('initialOffset: earliest', 'initialOffset: first'),
  ],
  [
    'consumer-group-missing',
    'no consumer group',
    inSettlement('  consumerGroup: settlement\n', ''),
  ],
  [
    'consumer-group-shared',
    'a consumer group of another source',
    inSettlement('consumerGroup: settlement', 'consumerGroup: orders-projection'),
  ],
  [
    'destination-missing',
    'a sink that does not exist',
    inSettlement(/name: settlement(\n.*\n {4}uri)/, 'name: settle$1'),
  ],
  [
    'destination-missing',
    'a dead letter sink that does not exist',
    inSettlement('name: dead-letters', 'name: dead'),
  ],
  [
    'destination-ref',
    'a sink without ref',
    inSettlement(/ {2}sink:\n {4}ref:\n(.*\n){4}/, '  sink:\n'),
  ],
  ['sink-path', 'a sink without path', inSettlement('    uri: /events\n', '')],
  [
    'sink-path',
    'an absolute sink uri beside a ref',
    inSettlement('uri: /events', 'uri: http://x/events'),
  ],
  [
    'delivery-missing',
    'no delivery at all',
    inSettlement(/ {2}delivery:\n(.*\n)*? {2}sink:/, '  sink:'),
  ],
  ['delivery-retry', 'delivery without retry (trap 1)', inSettlement('    retry: 200\n', '')],
  [
    'delivery-backoff',
    'retry without delay (trap 2)',
    inSettlement('    backoffDelay: PT0.2S\n', ''),
  ],
  [
    'delivery-backoff',
    'an unknown back-off policy',
    inSettlement('backoffPolicy: linear', 'backoffPolicy: random'),
  ],
  [
    'delivery-dead-letter',
    'no dead letter sink (trap 3)',
    inSettlement(/ {4}deadLetterSink:\n(.*\n){5}/, ''),
  ],
  ['delivery-duration', 'a delay that is no duration', inSettlement('PT0.2S', '200ms')],
  [
    'delivery-ignored',
    'a field that the data plane ignores',
    inSettlement('    retry: 200', '    retryAfterMax: PT1S\n    retry: 200'),
  ],
  ['delivery-timeout', 'a delivery longer than its service allows', inSettlement('PT30S', 'PT31S')],
  [
    'kafka-settings',
    'a process of Kafka without its settings',
    inOrders(/ {10}envFrom:\n.*\n.*\n/, ''),
  ],
  [
    'kafka-settings',
    'a process of Kafka without a name',
    inOrders('KAFKA_SASL_USERNAME', 'KAFKA_USER'),
  ],
  [
    'kafka-files',
    'a setting that names a file which is not there',
    inOrders('path: password', 'path: secret'),
  ],
  [
    'kafka-settings',
    'settings that say nothing of copies',
    { file: 'config.yaml', from: / {2}KAFKA_REPLICATION_MIN.*\n/, to: '' },
  ],
  [
    'kafka-clear',
    'a source without encryption',
    inSettlement(/ {4}tls:\n {6}enable: true/, '    tls:\n      enable: false'),
  ],
  [
    'kafka-clear',
    'a source without a login',
    inSettlement(/ {4}sasl:\n(.*\n)*? {4}tls/, '    tls'),
  ],
  [
    'kafka-clear',
    'a sink without encryption',
    { file: 'dead-letters.yaml', from: / {2}auth:\n(.*\n)*/, to: '' },
  ],
  ['route-conflict', 'one path routed twice', inRoute('value: /v1/fees', 'value: /v1/orders')],
  ['route-service-missing', 'a route to nowhere', inRoute('hostname: fees.', 'hostname: fee.')],
  [
    'route-rewrite',
    'a route without rewritten host',
    inRoute('hostname: fees.bourse.svc.cluster.local', 'path: {}'),
  ],
  [
    'route-backend',
    'a route to a service itself',
    inRoute('name: knative-local-gateway', 'name: orders'),
  ],
  [
    'route-cluster-local',
    'a cluster-local service exposed',
    inRoute('hostname: fees.', 'hostname: settlement.'),
  ],
  [
    'route-cluster-local',
    'C18 the function for staff on the public gateway',
    inRoute('hostname: fees.', 'hostname: admin.'),
  ],
  [
    'route-cluster-local',
    'C18 the route of staff on the public gateway',
    inAdminRoute('- name: admin\n', '- name: public\n'),
  ],
  [
    'route-cluster-local',
    'C18 the route of staff on the public gateway, too',
    inAdminRoute('- name: admin\n', '- name: public\n    - name: admin\n'),
  ],
  [
    'route-admin',
    'C18 another function on the admin gateway',
    inAdminRoute('hostname: admin.', 'hostname: orders.'),
  ],
  [
    'route-admin',
    'C18 another cluster-local function on the admin gateway',
    inAdminRoute('hostname: admin.', 'hostname: settlement.'),
  ],
  [
    'route-admin',
    'C18 a function for staff with a public host of its own',
    { file: 'admin.yaml', from: /.*visibility: cluster-local\n/, to: '' },
  ],
  ['events-exposed', 'events not denied at the gateway', inRoute('              - /events\n', '')],
  [
    'edge-unknown',
    'a public service that does not know of its proxies',
    inOrders('                name: edge\n', '                name: shards\n'),
  ],
  [
    'edge-hops',
    'a public service behind the activator',
    inOrders("capacity: '0'", "capacity: '9'"),
  ],
  ['edge-hops', 'a public service that sleeps', inOrders("min-scale: '2'", "min-scale: '0'")],
  ['gateway-limit', 'fewer headers than a function takes', inGateway('count: 100', 'count: 99')],
  ['gateway-limit', 'more headers than a function takes', inGateway('count: 100', 'count: 101')],
  ['gateway-limit', 'more bytes of headers', inGateway('headers_kb: 16', 'headers_kb: 60')],
  ['gateway-limit', 'headers that may come more slowly', inGateway('timeout: 60s', 'timeout: 90s')],
  ['gateway-limit', 'bodies that may come more slowly', inGateway(/ {12}request_timeout.*\n/, '')],
  ['gateway-limit', 'a body that no function takes', inGateway('bytes: 65536', 'bytes: 65537')],
  ['gateway-limit', 'a body refused that a function takes', inGateway('65536', '65535')],
  [
    'gateway-bucket',
    'less for an address than its users may have',
    inGateway(/(other\n {16}token_bucket:\n {18}max_tokens:) 15400/, '$1 15399'),
  ],
  [
    'gateway-bucket',
    'more for an address than its users may have',
    inGateway(/(other\n(?:.*\n){2} {18}tokens_per_fill:) 1540/, '$1 3080'),
  ],
  ['gateway-bucket', 'fewer cancels', inGateway('max_tokens: 12000', 'max_tokens: 11999')],
  ['gateway-bucket', 'a slower refill', inGateway(/(1200\n {18}fill_interval:) 1s/, '$1 2s')],
  [
    'gateway-bucket',
    'no bucket for cancels',
    inGateway(/(key: lane\n {20}value:) cancel/, '$1 cancels'),
  ],
  [
    'gateway-limit-missing',
    'limits of another gateway',
    inGateway('labels:\n      istio: ingressgateway', 'labels:\n      istio: other'),
  ],
  ['gateway-limit-missing', 'no bound of bodies', inGateway('buffer.v3.Buffer', 'buffer.v3.Other')],
  ['gateway-verbs', 'a verb that no route has', inGateway('- PUT', '- PUT\n              - TRACE')],
  ['gateway-verbs', 'a verb of ours denied', inGateway('              - PATCH\n', '')],
  [
    'gateway-verbs',
    'all verbs',
    inGateway(/ {12}notMethods:\n(.*\n)*/, '            paths: [/x]\n'),
  ],
  ['route-timeout', 'a route that gives up first', inRoute('request: 31s', 'request: 30s')],
  ['route-timeout', 'a route that waits much longer', inRoute('request: 16s', 'request: 21s')],
  ['route-timeout', 'a route that waits for ever', inRoute(/ {6}timeouts:\n.*\n/, '')],
  [
    'service-timeout',
    'a service that gives up before its function',
    inOrders('timeoutSeconds: 30', 'timeoutSeconds: 12'),
  ],
  [
    'service-timeout',
    'a service that waits much longer than its function',
    inOrders('timeoutSeconds: 30', 'timeoutSeconds: 60'),
  ],
  [
    'cancels-counted',
    'a queue-proxy that counts cancels',
    inOrders('containerConcurrency: 0', 'containerConcurrency: 500'),
  ],
  ['catalog-topic', 'an unknown topic', inSettlement('- engine.executions', '- engine.execution')],
  [
    'catalog-topic',
    'a sink to an unknown topic',
    { file: 'dead-letters.yaml', from: 'topic: dead-letters', to: 'topic: dead' },
  ],
  [
    'catalog-consumer',
    'a topic for a function that does not consume it',
    inSettlement('- engine.executions', '- orders.accepted'),
  ],
  ['catalog-source-missing', 'a consumer without a source', inSettlement(/---\n(.*\n)*/, '')],
  [
    'name-repeated',
    'one name twice',
    { file: 'fees.yaml', from: 'name: fees\n  namespace', to: 'name: ledger\n  namespace' },
  ],
  [
    'shards-and-engines',
    'more shards than engines',
    { file: 'config.yaml', from: "shards: '1'", to: "shards: '2'" },
  ],
  ['namespace-missing', 'no namespace', inOrders('  namespace: bourse\n', '')],
  [
    'setting-missing',
    'a key that the config map does not have',
    inOrders(
      'name: auth\n                  key: jwks-url',
      'name: shards\n                  key: jwks-url',
    ),
  ],
];

describe('the manifest linter', () => {
  it('finds nothing wrong with the manifests of base', () => {
    expect(lint()).toEqual([]);
  });

  it.each(CASES)('says %s: %s', (rule, _what, edit) => {
    const found = lint(edit).filter((problem) => problem.rule === rule);
    expect(found.length).toBeGreaterThan(0);
  });

  it('names the line and the field', () => {
    const [problem] = lint(inOrders('timeoutSeconds: 30', 'timeoutSeconds: 601'));
    expect(problem).toMatchObject({
      file: 'orders.yaml',
      field: 'spec.template.spec.timeoutSeconds',
      severity: 'error',
    });
    const lines = editedBase([]).find((each) => each.name === 'orders');
    expect(problem?.line).toBe(lines?.lineOf(['spec', 'template', 'spec', 'timeoutSeconds']));
  });
});
