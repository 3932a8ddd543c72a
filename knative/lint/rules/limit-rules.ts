// The limits before the functions against those of the functions themselves: what is stricter turns
// away what they would serve, and what is much laxer lets a flood through to them.
import { REQUESTS_IN_FLIGHT_MAX } from '../../../shared/function/pipeline/runtime.ts';
import { BODY_TIMEOUT_MS } from '../../../shared/function/server/read-node-body.ts';
import {
  HEADER_BYTES_MAX,
  HEADERS_MAX,
  REQUEST_RECEIVE_TIMEOUT_MS,
} from '../../../shared/function/server/tune-server.ts';
import { makeWindows, USERS_PER_ADDRESS } from '../../../shared/limits/quotas.ts';
import { POLICIES } from '../../../shared/policy/policies.ts';
import { QUOTAS, type Quota } from '../../../shared/policy/policy.ts';
import {
  listAt,
  textAt,
  valueAt,
  type FieldPath,
  type ManifestDocument,
} from '../../manifests/document.ts';
import { isAuthorizationPolicy, isEnvoyFilter } from '../../manifests/kinds.ts';
import { isHttpRoute, isKnativeService } from '../../manifests/kinds.ts';
import { fault, type LintProblem, type Rule } from '../rule.ts';

const GATEWAY = 'ingressgateway';
const FILTERS = 'type.googleapis.com/envoy.extensions.filters.';
const MANAGER = `${FILTERS}network.http_connection_manager.v3.HttpConnectionManager`;
const RATE_LIMIT = `${FILTERS}http.local_ratelimit.v3.LocalRateLimit`;
const BUFFER = `${FILTERS}http.buffer.v3.Buffer`;
const POD: FieldPath = ['spec', 'template', 'spec'];
/** A bucket may have so much more than the functions allow. */
const BUCKET_SLACK = 1.1;
/** A service may have so much longer than its function takes at most, in all and in times. */
const SERVICE_SLACK = 3;
/** The gateway waits so much longer than queue-proxy: which of both gives up is then certain. */
const ROUTE_SLACK_SECONDS = 5;

const policies = Object.entries(POLICIES);
const bodyBytesMax = Math.max(...policies.map(([, { bodyBytesMax: bytes }]) => bytes));
const timeoutMsMax = Math.max(...policies.map(([, { timeoutMs }]) => timeoutMs));

interface Bounds {
  readonly least: number;
  readonly most: number;
}

function exactly(value: number): Bounds {
  return { least: value, most: value };
}

/** Of the parts of the filter that the gateway is patched with, by type. */
const connections: Rule = (context) =>
  onPatch(context.documents, MANAGER, (filter, path, body) => {
    const receiveMs = REQUEST_RECEIVE_TIMEOUT_MS + BODY_TIMEOUT_MS;
    const wanted: readonly (readonly [FieldPath, Bounds])[] = [
      [['max_request_headers_kb'], exactly(HEADER_BYTES_MAX / 1_024)],
      [['common_http_protocol_options', 'max_headers_count'], exactly(HEADERS_MAX)],
      [['request_headers_timeout'], exactly(REQUEST_RECEIVE_TIMEOUT_MS / 1_000)],
      [['request_timeout'], exactly(receiveMs / 1_000)],
    ];
    return wanted.flatMap(([field, bounds]) =>
      check(filter, [...path, ...field], 'gateway-limit', numberOf(valueAt(body, field)), bounds),
    );
  });

const bodies: Rule = (context) =>
  onPatch(context.documents, BUFFER, (filter, path, body) => {
    const field = 'max_request_bytes';
    const bytes = numberOf(valueAt(body, [field]));
    return check(filter, [...path, field], 'gateway-limit', bytes, exactly(bodyBytesMax));
  });

/** One bucket for cancels and one for all else, each for as many users as an address has room. */
const buckets: Rule = (context) =>
  onPatch(context.documents, RATE_LIMIT, (filter, path, body) => {
    const isCancel = (quota: Quota): boolean => quota === 'cancel';
    const lanes = [
      { lane: 'cancel', quotas: QUOTAS.filter(isCancel) },
      { lane: 'other', quotas: QUOTAS.filter((quota) => !isCancel(quota)) },
    ];
    return lanes.flatMap(({ lane, quotas }) => {
      const at = listAt(body, ['descriptors']).findIndex((each) =>
        listAt(each, ['entries']).some((entry) => textAt(entry, ['value']) === lane),
      );
      const bucket: FieldPath = ['descriptors', at, 'token_bucket'];
      const interval = seconds(textAt(body, [...bucket, 'fill_interval'])) ?? 0;
      const burst = bucketBounds(quotas, ({ points }) => points);
      const rate = bucketBounds(quotas, (window) => (window.points / window.seconds) * interval);
      const tokens = (field: string): unknown => valueAt(body, [...bucket, field]);
      const place = [...path, ...(at < 0 ? ['descriptors'] : bucket)];
      const rule = 'gateway-bucket';
      return [
        ...check(filter, [...place, 'max_tokens'], rule, numberOf(tokens('max_tokens')), burst),
        ...check(
          filter,
          [...place, 'tokens_per_fill'],
          rule,
          numberOf(tokens('tokens_per_fill')),
          rate,
        ),
      ];
    });
  });

/** Each is there, once, on the gateway that everybody comes in by. */
const present: Rule = ({ documents }) => {
  const [route] = documents.filter(isHttpRoute);
  if (route === undefined) return [];
  return [MANAGER, RATE_LIMIT, BUFFER].flatMap((type) => {
    const patches = documents.filter(isGatewayFilter).flatMap((filter) => patchesOf(filter, type));
    if (patches.length === 1) return [];
    const message = `the gateway has ${patches.length} times ${type.slice(FILTERS.length)}`;
    return [fault(route, ['metadata', 'name'], 'gateway-limit-missing', message)];
  });
};

const verbs: Rule = ({ documents }) => {
  const methods = new Set(policies.map(([name]) => name.split(' ', 1)[0] ?? ''));
  const wanted = [...methods, 'HEAD', 'OPTIONS'].sort().join(' ');
  const [route] = documents.filter(isHttpRoute);
  if (route === undefined) return [];
  const denied = documents.filter(isGatewayDenial).flatMap((policy) =>
    listAt(policy.body, ['spec', 'rules']).flatMap((rule, at) =>
      listAt(rule, ['to']).flatMap((to, position) => {
        const others = listAt(to, ['operation', 'notMethods']).map(String);
        const path = ['spec', 'rules', at, 'to', position, 'operation', 'notMethods'];
        return others.length === 0 ? [] : [{ policy, path, others: others.sort().join(' ') }];
      }),
    ),
  );
  if (denied.length === 0) {
    const message = 'no policy of the gateway denies other verbs than ours';
    return [fault(route, ['metadata', 'name'], 'gateway-verbs', message)];
  }
  return denied
    .filter(({ others }) => others !== wanted)
    .map(({ policy, path }) =>
      fault(policy, path, 'gateway-verbs', `the routes have these verbs: ${wanted}`),
    );
};

/** The function answers first, then queue-proxy, then the gateway: each can say what happened. */
const routeTimeouts: Rule = ({ documents }) =>
  documents.filter(isHttpRoute).flatMap((route) =>
    listAt(route.body, ['spec', 'rules']).flatMap((rule, at) => {
      const service = serviceOf(documents, rule);
      const own = valueAt(service?.body, [...POD, 'timeoutSeconds']);
      if (typeof own !== 'number') return [];
      const path = ['spec', 'rules', at, 'timeouts', 'request'];
      const given = seconds(textAt(rule, ['timeouts', 'request']));
      const bounds = { least: own + 1, most: own + ROUTE_SLACK_SECONDS };
      return check(route, path, 'route-timeout', given, bounds);
    }),
  );

const services: Rule = ({ documents }) =>
  documents.filter(isKnativeService).flatMap((service) => {
    const path = [...POD, 'timeoutSeconds'];
    const given = valueAt(service.body, path);
    const least = timeoutMsMax / 1_000;
    const bounds = { least: least + 1, most: least * SERVICE_SLACK };
    // That there is none at all is said by another rule.
    if (given === undefined) return concurrency(documents, service);
    return [
      ...check(service, path, 'service-timeout', numberOf(given), bounds),
      ...concurrency(documents, service),
    ];
  });

export const limitRules: readonly Rule[] = [
  connections,
  bodies,
  buckets,
  present,
  verbs,
  routeTimeouts,
  services,
];

/** Queue-proxy knows no cancel: where it counts, it turns them away with all the others. */
function concurrency(
  documents: readonly ManifestDocument[],
  service: ManifestDocument,
): LintProblem[] {
  const path = [...POD, 'containerConcurrency'];
  const given = valueAt(service.body, path) ?? 0;
  const takesCancels = documents
    .filter(isHttpRoute)
    .some((route) =>
      listAt(route.body, ['spec', 'rules']).some(
        (rule) => serviceOf(documents, rule) === service && routesCancels(rule),
      ),
    );
  if (takesCancels) {
    if (given === 0) return [];
    const message = 'must be 0: queue-proxy would refuse cancels with all the others';
    return [fault(service, path, 'cancels-counted', message)];
  }
  const bounds = { least: 0, most: REQUESTS_IN_FLIGHT_MAX };
  return check(service, path, 'service-concurrency', numberOf(given), bounds);
}

function routesCancels(rule: unknown): boolean {
  const prefixes = listAt(rule, ['matches']).map((match) => textAt(match, ['path', 'value']) ?? '');
  return policies.some(([name, { quota }]) => {
    const path = name.slice(name.indexOf(' ') + 1);
    return quota === 'cancel' && prefixes.some((prefix) => path.startsWith(prefix));
  });
}

function serviceOf(
  documents: readonly ManifestDocument[],
  rule: unknown,
): ManifestDocument | undefined {
  const filter = listAt(rule, ['filters']).find((each) => textAt(each, ['type']) === 'URLRewrite');
  const [name] = (textAt(filter, ['urlRewrite', 'hostname']) ?? '').split('.');
  return documents.find((document) => isKnativeService(document) && document.name === name);
}

function bucketBounds(
  quotas: readonly Quota[],
  of: (window: { readonly points: number; readonly seconds: number }) => number,
): Bounds {
  const windows = makeWindows(1).quotas;
  const each = quotas.reduce((sum, quota) => sum + of(windows[quota].shared), 0);
  return { least: each * USERS_PER_ADDRESS, most: each * USERS_PER_ADDRESS * BUCKET_SLACK };
}

function check(
  document: ManifestDocument,
  path: FieldPath,
  rule: string,
  given: number | null,
  { least, most }: Bounds,
): LintProblem[] {
  if (given !== null && given >= least && given <= most) return [];
  const allowed = least === most ? String(least) : `${Math.ceil(least)} to ${Math.floor(most)}`;
  const message = `is ${given ?? 'not given'}; what stands behind it allows ${allowed}`;
  return [fault(document, path, rule, message)];
}

function isGatewayFilter(document: ManifestDocument): boolean {
  const labels: FieldPath = ['spec', 'workloadSelector', 'labels', 'istio'];
  return isEnvoyFilter(document) && textAt(document.body, labels) === GATEWAY;
}

function isGatewayDenial(document: ManifestDocument): boolean {
  return (
    isAuthorizationPolicy(document) &&
    textAt(document.body, ['spec', 'action']) === 'DENY' &&
    textAt(document.body, ['spec', 'selector', 'matchLabels', 'istio']) === GATEWAY
  );
}

interface Patch {
  readonly path: FieldPath;
  readonly body: unknown;
}

function patchesOf(filter: ManifestDocument, type: string): Patch[] {
  return listAt(filter.body, ['spec', 'configPatches']).flatMap((patch, at) => {
    const body = valueAt(patch, ['patch', 'value', 'typed_config']);
    const path = ['spec', 'configPatches', at, 'patch', 'value', 'typed_config'];
    return textAt(body, ['@type']) === type ? [{ path, body }] : [];
  });
}

function onPatch(
  documents: readonly ManifestDocument[],
  type: string,
  look: (filter: ManifestDocument, path: FieldPath, body: unknown) => LintProblem[],
): LintProblem[] {
  return documents
    .filter(isGatewayFilter)
    .flatMap((filter) =>
      patchesOf(filter, type).flatMap(({ path, body }) => look(filter, path, body)),
    );
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? seconds(value) : null;
}

/** Of a duration such as `60s`; null for any other text. */
function seconds(text: string | undefined): number | null {
  const [, digits] = /^([0-9]+(?:\.[0-9]+)?)s$/.exec(text ?? '') ?? [];
  return digits === undefined ? null : Number(digits);
}
