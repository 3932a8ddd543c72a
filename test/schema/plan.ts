// What schemathesis is given for one run: the document with the credential of the run alone, and a
// configuration. What is left out, and why, stands here and in docs/client.md.
import type { Audience } from './options.ts';

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
}

interface ApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

/** Valid input may be refused by who calls, by what there is, and by rules that no schema has. */
const REFUSALS = ['2xx', '3xx', 401, 403, 404, 409, 418, 422, 429] as const;

/** RFC 6749 and 7009 answer 400 to well-formed requests, too: `invalid_grant` and the like. */
const OAUTH = ['postOauthToken', 'postOauthRevoke', 'postOauthIntrospect'];

/** They would end the session of the run: called by one who has nothing else to do. */
const ENDS_THE_SESSION = ['deleteAuthSessionsCurrent', 'deleteAuthSessionsById'];

/**
 * The document without what the public host does not serve, and with one of the alternatives that
 * `security` gives: a request with two credentials is refused, and no signature can be generated.
 */
export function documentFor(document: ApiDocument): ApiDocument {
  const paths = Object.entries(document.paths).flatMap(([path, operations]) => {
    const kept = Object.entries(operations)
      .filter(([, operation]) => !operation.tags.includes('admin'))
      .map(([method, operation]) => {
        const security = operation.security.filter((each) => 'bearer' in each);
        return [method, { ...operation, security }] as const;
      });
    return kept.length === 0 ? [] : [[path, Object.fromEntries(kept)] as const];
  });
  return { ...document, paths: Object.fromEntries(paths) };
}

/** `schemathesis.toml`. `token` is null for a run as nobody. */
export function configFor(document: ApiDocument, audience: Audience, token: string | null): string {
  const operations = Object.values(document.paths).flatMap((each) => Object.values(each));
  // What a cursor holds is ours alone: no schema tells one that we made from another text.
  const paged = operations.filter(({ parameters = [] }) =>
    parameters.some((each) => each.in === 'query' && each.name === 'cursor'),
  );
  const all = operations.map(({ operationId }) => operationId);
  const malformed = [...OAUTH, ...paged.map(({ operationId }) => operationId)];
  return [
    ...(token === null ? [] : ['[auth.openapi]', `bearer = { bearer = "${token}" }`]),
    // Refused in any text of any body; JSON Schema would have to say so of each.
    '[generation]',
    'allow-x00 = false',
    '[checks.positive_data_acceptance]',
    `expected-statuses = ${JSON.stringify(REFUSALS)}`,
    '[[operations]]',
    `include-operation-id = ${JSON.stringify(malformed)}`,
    `checks.positive_data_acceptance.expected-statuses = ${JSON.stringify([...REFUSALS, 400])}`,
    ...(audience === 'user' ? switchedOff(ENDS_THE_SESSION) : []),
    ...(audience === 'leaver'
      ? switchedOff(all.filter((each) => !ENDS_THE_SESSION.includes(each)))
      : []),
    '',
  ].join('\n');
}

function switchedOff(operationIds: readonly string[]): readonly string[] {
  const named = `include-operation-id = ${JSON.stringify(operationIds)}`;
  return ['[[operations]]', named, 'enabled = false'];
}
